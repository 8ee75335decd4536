import com.skiplino.BookTicketRequest;
import com.skiplino.ClientOptions;
import com.skiplino.Customer;
import com.skiplino.CustomerRef;
import com.skiplino.CustomerUpdateRequest;
import com.skiplino.CustomerWriteRequest;
import com.skiplino.SkiplinoClient;
import com.skiplino.SkiplinoException;
import com.skiplino.Ticket;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;

/**
 * Mixed calls of the Kotlin client, from Java, in applications that have a class loader each: {@code
 * Calls SECONDS CERTIFICATE BASE_URL...}. They load the native library from one file.
 *
 * <p>Every second it prints the number of calls, the number of errors of each kind, of responses to
 * other requests, and the duration of the longest call in milliseconds.
 */
public final class Calls {
    private static final int APPLICATIONS = 2;
    private static final int THREADS = 3;
    /** The rounds for which an application keeps a client. */
    private static final int ROUNDS = 20;

    private Calls() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, Integer> counts = new ConcurrentSkipListMap<>();
        Map<Thread, Long> started = new ConcurrentHashMap<>();
        long end = System.nanoTime() + Long.parseLong(arguments[0]) * 1_000_000_000;
        String certificate = new String(Files.readAllBytes(Paths.get(arguments[1])));
        List<URL> classPath = new ArrayList<>();
        for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
            classPath.add(new File(path).toURI().toURL());
        }
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < APPLICATIONS; number++) {
            URLClassLoader loader = new URLClassLoader(classPath.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
            String baseUrl = arguments[2 + number % (arguments.length - 2)];
            Object application = loader.loadClass("Calls$Application")
                    .getConstructor(String.class, String.class, String.class, long.class, Map.class, Map.class)
                    .newInstance("soak-jvm-" + number, baseUrl, certificate, end, counts, started);
            for (int thread = 0; thread < THREADS; thread++) {
                threads.add(new Thread((Runnable) application, "soak-" + number + "-" + thread));
            }
        }
        // An error of the program is not a failed call.
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
        });
        threads.forEach(Thread::start);
        while (threads.stream().anyMatch(Thread::isAlive)) {
            Thread.sleep(1000);
            started.values().forEach(start -> updateLongest(counts, start));
            StringBuilder line = new StringBuilder();
            counts.forEach((name, count) -> line.append(name).append('=').append(count).append(' '));
            System.out.println(line);
        }
    }

    static void updateLongest(Map<String, Integer> counts, long start) {
        counts.merge("longest", (int) ((System.nanoTime() - start) / 1_000_000), Math::max);
    }

    /** An application, of which each thread has a client. Only types of the JDK go in and out. */
    public static final class Application implements Runnable {
        private final String name;
        private final ClientOptions options = new ClientOptions();
        private final long end;
        private final Map<String, Integer> counts;
        private final Map<Thread, Long> started;

        public Application(
                String name, String baseUrl, String certificate, long end, Map<String, Integer> counts, Map<Thread, Long> started) {
            this.name = name;
            this.end = end;
            this.counts = counts;
            this.started = started;
            options.setBaseUrl(baseUrl);
            options.setRootCertificates(certificate);
            options.setAttemptTimeout(Duration.ofSeconds(2));
            options.setDeadline(Duration.ofSeconds(8));
        }

        @Override
        public void run() {
            String externalId = name + "-" + Thread.currentThread().getName();
            for (int round = 0; System.nanoTime() < end; round += ROUNDS) {
                try (SkiplinoClient client = new SkiplinoClient("sk_sandbox_secret", options)) {
                    String id = customer(client, externalId);
                    for (int nth = 0; nth < ROUNDS && System.nanoTime() < end; nth++) {
                        makeCalls(client, externalId, id, round + nth);
                    }
                }
            }
        }

        /** Finds or creates the customer of a thread, and returns its id. */
        private String customer(SkiplinoClient client, String externalId) {
            while (true) {
                Customer found = call(client.getCustomers().findAsync(new CustomerRef.ExternalId(externalId)), any -> true);
                if (found == null) {
                    found = call(client.getCustomers().createAsync(new CustomerWriteRequest(externalId)), any -> true);
                }
                if (found != null) {
                    return found.getId();
                }
            }
        }

        /** Makes one call of each kind. */
        private void makeCalls(SkiplinoClient client, String externalId, String id, int round) {
            CustomerRef own = new CustomerRef.ExternalId(externalId);
            String other = externalId + "-" + round;
            CustomerRef otherRef = new CustomerRef.ExternalId(other);
            Predicate<Customer> isOther = customer -> other.equals(customer.getExternalId());
            call(client.getCustomers().createAsync(new CustomerWriteRequest(other, "Layla Hassan")), isOther);
            call(client.getCustomers().updateAsync(new CustomerUpdateRequest(otherRef, "Layla A. Hassan")), isOther);
            call(client.getCustomers().deleteAsync(otherRef), any -> true);
            Predicate<Ticket> isOwn = ticket -> ticket.getCustomer() != null && id.equals(ticket.getCustomer().getId());
            Ticket ticket = call(client.getTickets().bookAsync(BookTicketRequest.walkIn("6fe8fb8b12", "7c1f9a3b2d", own)), isOwn);
            if (ticket != null) {
                Predicate<Ticket> isTicket = found -> found.getId().equals(ticket.getId());
                call(client.getTickets().getAsync(ticket.getId()), isTicket);
                call(client.getTickets().cancelAsync(ticket.getId()), isTicket);
            }
            call(client.getBranches().listAsync(), any -> true);
            call(client.getBranches().treeAsync("802b33af66"), any -> true);
            call(client.getServices().slotsAsync("c4d5e6f708"), any -> true);
            call(client.getCustomers().findAsync(own), customer -> id.equals(customer.getId()));
            call(client.getCustomers().list(20).pageAsync(1), any -> true);
            call(client.getCustomers().tickets(own).pageAsync(1), page -> page.getItems().stream().allMatch(isOwn));
        }

        /** Waits for a call. Returns its result, or null after an error. */
        private <T> T call(CompletableFuture<T> future, Predicate<T> isExpected) {
            long start = System.nanoTime();
            started.put(Thread.currentThread(), start);
            T result = null;
            try {
                result = future.join();
                if (result != null && !isExpected.test(result)) {
                    count("foreign");
                }
            } catch (CompletionException error) {
                count(((SkiplinoException) error.getCause()).getKind().toString());
            }
            started.remove(Thread.currentThread());
            updateLongest(counts, start);
            count("calls");
            try {
                // Meanwhile the server sends stray responses.
                Thread.sleep(20);
            } catch (InterruptedException error) {
                throw new IllegalStateException(error);
            }
            return result;
        }

        private void count(String name) {
            counts.merge(name, 1, Integer::sum);
        }
    }
}
