// The Java code of the site's guides. A page includes the lines between the names of an anchor.
package guides;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.skiplino.BookTicketRequest;
import com.skiplino.CallOptions;
import com.skiplino.ClientOptions;
import com.skiplino.Outcome;
import com.skiplino.Sandbox;
import com.skiplino.SkiplinoClient;
import com.skiplino.SkiplinoException;
import com.skiplino.Ticket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class JavaGuidesTest {
    // ANCHOR: limit
    /** Not {@code get(limit)}: its TimeoutException does not say whether the ticket was booked. */
    static String joinWithin(SkiplinoClient client, Duration limit) throws InterruptedException {
        BookTicketRequest request = BookTicketRequest.walkIn("6fe8fb8b12", "7c1f9a3b2d");
        CallOptions options = new CallOptions(null, limit);
        try {
            return "your number is " + client.getTickets().bookAsync(request, options).get().getTicketNumber();
        } catch (ExecutionException failed) {
            SkiplinoException error = (SkiplinoException) failed.getCause();
            return error.getOutcome() == Outcome.Unknown ? "there may be a ticket" : "nothing was booked";
        }
    }
    // ANCHOR_END: limit

    @Test
    void aDeadlineKeepsTheOutcome() throws Exception {
        try (Sandbox sandbox = new Sandbox()) {
            sandbox.reset();
            ClientOptions options = new ClientOptions();
            options.setBaseUrl(sandbox.getBaseUrl());
            try (SkiplinoClient client = new SkiplinoClient(sandbox.getPublicKey(), options)) {
                assertEquals("your number is Q018", joinWithin(client, Duration.ofSeconds(30)));
                String fault = sandbox.hold("bookTicket");
                assertEquals("there may be a ticket", joinWithin(client, Duration.ofMillis(100)));
                CompletableFuture<Ticket> call = client.getTickets().bookAsync(BookTicketRequest.walkIn("6fe8fb8b12", "7c1f9a3b2d"));
                assertThrows(TimeoutException.class, () -> call.get(100, TimeUnit.MILLISECONDS));
                call.cancel(true);
                sandbox.release(fault);
            }
        }
    }
}
