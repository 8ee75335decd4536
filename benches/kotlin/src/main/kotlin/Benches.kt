// The Kotlin part of `make bench`: the SDK against OkHttp.
import com.skiplino.Skiplino
import com.skiplino.SkiplinoClient
import com.skiplino.SkiplinoException
import java.net.InetAddress
import java.net.ServerSocket
import java.util.concurrent.TimeUnit
import kotlin.system.exitProcess
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

const val TICKET = "k7m2p9x4q1"
const val FLIGHT = 64

/**
 * The Kotlin part of `make bench`: `Benches CANNED [small]`. Starts the server with canned
 * responses. `small` only measures the speed of the library that is loaded.
 */
fun main(arguments: Array<String>) {
    val began = System.nanoTime()
    Skiplino.warmUp().get()
    val small = "small" in arguments
    if (!small) row("loading the library", "ms", (System.nanoTime() - began) / 1e6, null)

    val server = ProcessBuilder(arguments[0]).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    val base = server.inputReader().readLine()
    SkiplinoClient("pk_bench") { baseUrl = base }.use { ours ->
        val okhttp = OkHttp(base)
        runBlocking {
            if (small) {
                race("a ticket, Android's library", Contestant("skiplino") { count -> repeat(count) { ours.tickets.get(TICKET) } })
                return@runBlocking
            }
            race(
                "a ticket, one at a time",
                Contestant("skiplino") { count -> repeat(count) { ours.tickets.get(TICKET) } },
                Contestant("OkHttp, blocking", 0.8) { count -> repeat(count) { okhttp.ticket() } },
                Contestant("OkHttp, suspending") { count -> repeat(count) { okhttp.ticketLater() } },
            )
            race(
                "a ticket, $FLIGHT in flight",
                Contestant("skiplino") { count -> inFlight(count) { ours.tickets.get(TICKET) } },
                Contestant("OkHttp, suspending", 1.0) { count -> inFlight(count) { okhttp.ticketLater() } },
            )
            limit("a call rejected here", 60.0) {
                try {
                    ours.tickets.get("")
                } catch (_: SkiplinoException.InvalidRequest) {
                    // Expected.
                }
            }
            cancellation()
        }
        okhttp.close()
    }
    server.outputStream.close()
    server.waitFor(10, TimeUnit.SECONDS)
    // Ends all remaining threads.
    exitProcess(0)
}

private suspend fun inFlight(count: Int, call: suspend () -> Unit) = coroutineScope {
    repeat(FLIGHT) { launch(Dispatchers.Default) { repeat(count / FLIGHT) { call() } } }
}

/**
 * The time from cancelling a coroutine to the end of its connection at the server, for a read and
 * for a write.
 */
private suspend fun cancellation() = Silence().use { silence ->
    SkiplinoClient("pk_bench") { baseUrl = silence.base }.use { client ->
        val calls: List<suspend () -> Any> = listOf({ client.tickets.get(TICKET) }, { client.tickets.cancel(TICKET) })
        val rounds = List(20) { calls }.flatten().map { call ->
            coroutineScope {
                val received = CompletableDeferred<Unit>()
                val hungUp = async(Dispatchers.IO) { silence.hungUp { received.complete(Unit) } }
                val running = launch(Dispatchers.Default) { call() }
                received.await()
                val began = System.nanoTime()
                running.cancel()
                (hungUp.await() - began) / 1e3
            }
        }
        row("cancelled to hung up, worst", "µs", rounds.max(), 100_000.0)
    }
}

/** A server that receives requests and never responds. */
private class Silence : AutoCloseable {
    private val listener = ServerSocket(0, 1, InetAddress.getLoopbackAddress())
    val base = "http://127.0.0.1:${listener.localPort}/external/v1"

    /**
     * Waits for a request, calls [received], and waits for the client to close the connection.
     * Returns the time at which the connection was closed.
     */
    fun hungUp(received: () -> Unit): Long = listener.accept().use { socket ->
        val lines = socket.getInputStream().bufferedReader()
        while (lines.readLine().isNotEmpty()) continue
        received()
        while (lines.read() >= 0) continue
        System.nanoTime()
    }

    override fun close() = listener.close()
}
