// Calls from Java.
package com.skiplino;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Uses the package from Java. */
class JavaCallersTest {
    private static Sandbox sandbox;

    @BeforeAll
    static void start() {
        sandbox = new Sandbox();
    }

    @AfterAll
    static void stop() {
        sandbox.close();
    }

    @BeforeEach
    void reset() {
        sandbox.reset();
    }

    private static SkiplinoClient client() {
        ClientOptions options = new ClientOptions();
        options.setBaseUrl(sandbox.getBaseUrl());
        options.setDeadline(Duration.ofSeconds(20));
        return new SkiplinoClient(sandbox.getSecretKey(), options);
    }

    @Test
    void booksAndCancels() throws Exception {
        try (SkiplinoClient client = client()) {
            Branch branch = client.getBranches().listAsync().get().get(0);
            BranchTreeGroup group = client.getBranches().treeAsync(branch.getId()).get().get(0);
            BookTicketRequest request = BookTicketRequest.walkIn(group.getServices().get(0).getId(), group.getId());
            AtomicReference<ResponseInfo> info = new AtomicReference<>();
            Ticket ticket = client.getTickets().bookAsync(request, new CallOptions("en", null, 1, info::set)).get();
            assertEquals(TicketStatus.Waiting.INSTANCE, ticket.getStatus());
            assertEquals(201, info.get().getStatus());
            assertEquals("cancelled", client.getTickets().cancelAsync(ticket.getId()).get().getStatus().getValue());
        }
    }

    @Test
    void errorsAreTheCause() {
        try (SkiplinoClient client = client()) {
            ExecutionException failed = assertThrows(ExecutionException.class, () -> client.getTickets().cancelAsync("").get());
            SkiplinoException error = (SkiplinoException) failed.getCause();
            assertEquals(ErrorKind.InvalidRequest, error.getKind());
            assertEquals(Collections.singleton("ticketId"), error.getFields().keySet());
        }
    }

    @Test
    void customersComeOneByOne() throws Exception {
        sandbox.control("POST /customers/generate", JsonValue.of(Collections.singletonMap("count", 150)));
        try (SkiplinoClient client = client()) {
            List<Customer> customers = Collections.synchronizedList(new ArrayList<>());
            client.getCustomers().list().forEachAsync(customers::add).get();
            assertEquals(153, customers.size());
            assertEquals(100, client.getCustomers().list().pageAsync(1).get().getItems().size());
            assertEquals(null, client.getCustomers().findAsync(new CustomerRef.ExternalId("nobody")).get());
        }
    }

    @Test
    void callbacksMayWaitForOtherCalls() {
        // More than any pool has that is made for the machine's processors.
        int calls = 4 * Runtime.getRuntime().availableProcessors();
        String fault = sandbox.hold("listBranches");
        try (SkiplinoClient client = client()) {
            List<CompletableFuture<?>> chains = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
                chains.add(client.getBranches().listAsync()
                    .thenApply(branches -> client.getBranches().treeAsync(branches.get(0).getId()).join()));
            }
            sandbox.held(calls);
            sandbox.release(fault);
            CompletableFuture.allOf(chains.toArray(new CompletableFuture<?>[0])).join();
        }
    }

    @Test
    void aWatchIsStopped() {
        try (SkiplinoClient client = client()) {
            CompletableFuture<Ticket> first = new CompletableFuture<>();
            CompletableFuture<?> watch = client.getTickets().watchAsync("k7m2p9x4q1", new WatchOptions(), first::complete);
            assertEquals("k7m2p9x4q1", first.join().getId());
            assertTrue(watch.cancel(true));
            assertThrows(CancellationException.class, watch::join);
        }
    }
}
