// The program of scripts/kotlin-android-smoke: it books and cancels a ticket on an emulator.
import com.skiplino.BookTicketRequest;
import com.skiplino.ClientOptions;
import com.skiplino.SkiplinoClient;
import com.skiplino.Ticket;

/** Books and cancels a ticket. Set SKIPLINO_BASE_URL. */
public final class Smoke {
    public static void main(String[] arguments) throws Exception {
        ClientOptions options = new ClientOptions();
        options.setBaseUrl(System.getenv("SKIPLINO_BASE_URL"));
        try (SkiplinoClient client = new SkiplinoClient("pk_sandbox_public", options)) {
            Ticket ticket = client.getTickets().bookAsync(BookTicketRequest.walkIn("6fe8fb8b12", "7c1f9a3b2d")).get();
            System.out.println("it is now " + client.getTickets().cancelAsync(ticket.getId()).get().getStatus().getValue());
        }
        System.exit(0);
    }
}
