import com.skiplino.BookTicketRequest
import com.skiplino.Skiplino
import com.skiplino.SkiplinoClient
import com.skiplino.SkiplinoException
import com.skiplino.Ticket
import com.skiplino.TicketStatus
import kotlin.system.exitProcess
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.last
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.runBlocking
import sun.misc.Signal

/** Joins a queue from the terminal and shows the changes of the ticket. Set SKIPLINO_API_KEY and SKIPLINO_BASE_URL. */
fun main() {
    // Loads the library while the user reads, not after the user has chosen.
    Skiplino.warmUp()
    try {
        SkiplinoClient(System.getenv("SKIPLINO_API_KEY").orEmpty()) {
            baseUrl = System.getenv("SKIPLINO_BASE_URL")
            locale = System.getenv("SKIPLINO_LOCALE")
        }.use { client -> runBlocking { queue(client) } }
    } catch (error: SkiplinoException) {
        fail(
            when (error) {
                is SkiplinoException.Connect -> "There is no connection. Try again when there is."
                is SkiplinoException.Rejected -> error.reason ?: error.message
                is SkiplinoException.OutcomeUnknown -> "There may be a ticket, or not: ask at the branch. (${error.message})"
                else -> error.message
            },
        )
    }
}

private suspend fun queue(client: SkiplinoClient) {
    val branch = choose("Which branch?", client.branches.list()) { if (it.isOpen) it.name else "${it.name} (closed)" }
    val services = client.branches.tree(branch.id).flatMap { group -> group.services.map { group to it } }
    val (group, service) = choose("What for?", services) { (group, service) ->
        "${service.name}, ${group.name}" + if (service.isOpen) "" else " (closed)"
    }

    val ticket = client.tickets.book(BookTicketRequest.walkIn(service.id, group.id))
    println("Your number is ${ticket.ticketNumber}, for ${ticket.service.name} at ${ticket.branch.name}.")
    val last = follow(client, ticket)
    println(if (last.status == TicketStatus.Served) "Served. Goodbye!" else "Your ticket is ${last.status}.")
}

/** Shows a ticket's changes until it is served or cancelled, and asks at each Ctrl-C whether to cancel it. */
private suspend fun follow(client: SkiplinoClient, ticket: Ticket): Ticket {
    while (true) {
        untilCtrlC { client.tickets.watch(ticket.id).onEach(::show).last() }?.let { return it }
        if (ask("\nGive up your place? [y/N]").equals("y", ignoreCase = true)) {
            // Leaving the program does not cancel the booking: cancel it here.
            return client.tickets.cancel(ticket.id)
        }
        println("You keep it.")
    }
}

private fun show(ticket: Ticket) {
    val number = ticket.ticketNumber
    when (ticket.status) {
        TicketStatus.Waiting -> {
            val place = ticket.queueSize?.let { if (it == 0) "you are next" else "$it ahead of you" } ?: "waiting"
            println("$number: $place" + ticket.waitingTime?.let { ", about $it min" }.orEmpty())
        }
        TicketStatus.Serving -> println("$number: it is your turn!")
        TicketStatus.Served, TicketStatus.Cancelled -> Unit
        // A status that this version does not know is shown as the API wrote it.
        else -> println("$number: ${ticket.status}")
    }
}

private fun <T> choose(question: String, from: List<T>, name: (T) -> String): T {
    from.forEachIndexed { index, each -> println("  ${index + 1}  ${name(each)}") }
    while (true) {
        val answer = ask(question) ?: fail("Nothing was chosen.")
        answer.toIntOrNull()?.let { from.getOrNull(it - 1) }?.let { return it }
        println("A number from 1 to ${from.size}, please.")
    }
}

private fun ask(question: String): String? {
    print("$question ")
    return readlnOrNull()?.trim()
}

private fun fail(text: String?): Nothing {
    System.err.println("queue-cli: $text")
    exitProcess(1)
}

/** The result of [work], or null if Ctrl-C stopped it by cancelling its coroutine and its requests. */
private suspend fun <T : Any> untilCtrlC(work: suspend () -> T): T? = coroutineScope {
    val job = async { work() }
    val previousHandler = Signal.handle(Signal("INT")) { job.cancel() }
    try {
        job.await()
    } catch (_: CancellationException) {
        ensureActive()
        null
    } finally {
        // Outside of this function, Ctrl-C ends the program as usual.
        Signal.handle(Signal("INT"), previousHandler)
    }
}
