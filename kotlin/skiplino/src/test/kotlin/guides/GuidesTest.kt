// The Kotlin code of the site's guides. A page includes the lines between the names of an anchor.
package guides

import com.skiplino.BookTicketRequest
import com.skiplino.CallCancelledException
import com.skiplino.CallOptions
import com.skiplino.CustomerRef
import com.skiplino.JsonValue
import com.skiplino.Outcome
import com.skiplino.Sandbox
import com.skiplino.SkiplinoClient
import com.skiplino.SkiplinoException
import com.skiplino.Ticket
import com.skiplino.TicketStatus
import com.skiplino.WatchOptions
import com.skiplino.nobody
import java.time.Duration
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test

// ANCHOR: first
suspend fun first(apiKey: String, address: String?) {
    SkiplinoClient(apiKey) { baseUrl = address }.use { client ->
        for (branch in client.branches.list()) println("${branch.name} (${if (branch.isOpen) "open" else "closed"})")

        // Join the queue of a service, with its id and its group's id.
        val ticket = client.tickets.book(BookTicketRequest.walkIn("6fe8fb8b12", "7c1f9a3b2d"))
        println("your number is ${ticket.ticketNumber}, ${ticket.queueSize ?: 0} ahead of you")

        println("it is now ${client.tickets.cancel(ticket.id).status}")
    }
}
// ANCHOR_END: first

// ANCHOR: keys
suspend fun customers(apiKey: String, address: String): Long =
    // On Android a secret key is rejected here.
    SkiplinoClient(apiKey) { baseUrl = address }.use { client ->
        // With a public key this throws SecretKeyRequired, and nothing is sent.
        client.customers.list().page(1).pagination.total
    }
// ANCHOR_END: keys

// ANCHOR: booking
suspend fun join(client: SkiplinoClient, customer: CustomerRef? = null): String = try {
    val (ticket, info) = client.withResponse {
        tickets.book(BookTicketRequest.walkIn("6fe8fb8b12", "7c1f9a3b2d", customer))
    }
    if (info.recovered) "the response was lost, but your place is booked: ${ticket.ticketNumber}" else "your number is ${ticket.ticketNumber}"
} catch (error: SkiplinoException) {
    if (error.outcome != Outcome.Unknown) throw error // Nothing was booked.
    "you may have a place: ask at the counter before you try again"
}
// ANCHOR_END: booking

// ANCHOR: following
suspend fun follow(client: SkiplinoClient, ticketId: String, often: Duration, show: (String) -> Unit) {
    // Polls at the interval `often` at the front of the queue, and ten times more slowly far from
    // it.
    client.tickets.watch(ticketId, WatchOptions(often, often.multipliedBy(10))).collect { ticket ->
        val ahead = ticket.queueSize
        when {
            ticket.status == TicketStatus.Waiting && ahead == 0 -> show("you are next")
            ticket.status == TicketStatus.Waiting && ahead != null -> show("$ahead ahead of you")
            ticket.status == TicketStatus.Serving -> show("it is your turn")
            // A status that this version does not know is shown as the API wrote it.
            else -> show("${ticket.status}")
        }
    }
    // Served or cancelled.
}
// ANCHOR_END: following

// ANCHOR: errors
fun explain(error: SkiplinoException): String = when (error) {
    is SkiplinoException.Connect -> "There is no connection."
    // In the requested language.
    is SkiplinoException.Rejected -> error.reason ?: "It was rejected."
    is SkiplinoException.InvalidRequest, is SkiplinoException.Validation -> "Please check ${error.fields.keys.joinToString()}."
    is SkiplinoException.Conflict -> "It is too late for that."
    is SkiplinoException.OutcomeUnknown -> "It may have been applied: check before you retry."
    else -> error.message.orEmpty()
}
// ANCHOR_END: errors

// ANCHOR: leaving
/** Books for a screen whose scope may be cancelled during the call. */
suspend fun joinUnlessLeft(client: SkiplinoClient, show: (Ticket) -> Unit, note: (String) -> Unit) {
    try {
        show(client.tickets.book(BookTicketRequest.walkIn("6fe8fb8b12", "7c1f9a3b2d")))
    } catch (left: CallCancelledException) {
        // Cancelling ended the request at once. The exception says whether the server may have
        // received it.
        note(if (left.outcome == Outcome.Unknown) "there may be a ticket" else "nothing was booked")
        throw left
    }
}
// ANCHOR_END: leaving

// ANCHOR: limit
/** Not `withTimeout`: its exception does not say whether the ticket was booked. */
suspend fun joinWithin(client: SkiplinoClient, limit: Duration): String = try {
    val options = CallOptions(deadline = limit)
    "your number is ${client.tickets.book(BookTicketRequest.walkIn("6fe8fb8b12", "7c1f9a3b2d"), options).ticketNumber}"
} catch (error: SkiplinoException) {
    if (error.outcome == Outcome.Unknown) "there may be a ticket" else "nothing was booked"
}
// ANCHOR_END: limit

class GuidesTest {
    @BeforeEach
    fun reset() = sandbox.reset()

    @Test
    fun `the first program runs`() = runBlocking {
        first(sandbox.publicKey, sandbox.baseUrl)
        assertEquals(1, sandbox.committed("cancelTicket"))
    }

    @Test
    fun `a public key has no access to the directory`() = runBlocking {
        try {
            customers(sandbox.publicKey, sandbox.baseUrl)
            fail("it opened it")
        } catch (_: SkiplinoException.SecretKeyRequired) {
            assertEquals(0, sandbox.received("listCustomers"))
        }
        assertEquals(3, customers(sandbox.secretKey, sandbox.baseUrl))
    }

    @Test
    fun `a booking is made once`() = runBlocking {
        client { client ->
            val layla = CustomerRef.ExternalId("crm-7741")
            assertEquals("your number is Q018", join(client, layla))
            sandbox.fault("bookTicket", "drop_after_commit")
            assertEquals("the response was lost, but your place is booked: Q019", join(client, layla))
            assertTrue(join(client).startsWith("you may have a place"))
            assertEquals(3, sandbox.received("bookTicket"))
        }
    }

    @Test
    fun `a ticket is watched until it is served`() = runBlocking {
        client { client ->
            // The first ticket in the queue.
            val ticket = client.tickets.book(BookTicketRequest.walkIn("b7a1d2c3e4", "7c1f9a3b2d"))
            val staff = ArrayDeque(listOf("call", "serve"))
            val shown = mutableListOf<String>()
            follow(client, ticket.id, Duration.ofMillis(1)) { text ->
                shown += text
                staff.removeFirstOrNull()?.let { sandbox.control("POST /tickets/${ticket.id}/$it", JsonValue.obj()) }
            }
            assertEquals(listOf("you are next", "it is your turn", "served"), shown)
        }
    }

    @Test
    fun `errors have kinds`() = runBlocking {
        client { client ->
            sandbox.control("PUT /services/$CASH", JsonValue.obj("open" to false))
            assertEquals("This service is closed.", explained { client.tickets.book(walkIn) })
            sandbox.control("PUT /services/$CASH", JsonValue.obj("open" to null))
            sandbox.fault("bookTicket", "drop_after_commit")
            assertEquals("It may have been applied: check before you retry.", explained { client.tickets.book(walkIn) })
            assertEquals("Please check ticketId.", explained { client.tickets.cancel("") })
            client.tickets.cancel("k7m2p9x4q1")
            assertEquals("It is too late for that.", explained { client.tickets.cancel("k7m2p9x4q1") })
        }
        sandbox.client { baseUrl = nobody() }.use { nowhere ->
            assertEquals("There is no connection.", explained { nowhere.tickets.book(walkIn) })
        }
    }

    @Test
    fun `cancelling a booking reports its outcome`() = runBlocking {
        client { client ->
            val fault = sandbox.fault("bookTicket", "hold", "then" to "commit")
            val noted = mutableListOf<String>()
            val screen = launch(Dispatchers.Default) { joinUnlessLeft(client, { fail("it was left") }, noted::add) }
            sandbox.held()
            screen.cancelAndJoin()
            assertEquals(listOf("there may be a ticket"), noted)
            sandbox.release(fault)
        }
    }

    @Test
    fun `a deadline keeps the outcome`() = runBlocking {
        client { client ->
            assertEquals("your number is Q018", joinWithin(client, Duration.ofSeconds(30)))
            val fault = sandbox.hold("bookTicket")
            assertEquals("there may be a ticket", joinWithin(client, Duration.ofMillis(100)))
            val error = runCatching { withTimeout(100) { client.tickets.book(walkIn) } }.exceptionOrNull()
            assertEquals(TimeoutCancellationException::class, error!!::class)
            sandbox.release(fault)
        }
    }

    private companion object {
        const val CASH = "6fe8fb8b12"
        val walkIn = BookTicketRequest.walkIn(CASH, "7c1f9a3b2d")
        val sandbox by lazy { Sandbox() }

        /** With very short pauses between attempts. */
        suspend fun client(work: suspend (SkiplinoClient) -> Unit) =
            sandbox.client(sandbox.publicKey) { backoff = Duration.ofMillis(1) }.use { work(it) }

        suspend fun explained(call: suspend () -> Any?): String {
            try {
                call()
            } catch (error: SkiplinoException) {
                return explain(error)
            }
            return fail("it did not fail")
        }

        @JvmStatic
        @AfterAll
        fun close() = sandbox.close()
    }
}
