// The Kotlin part of `make bench`: the SDK against OkHttp.
import com.skiplino.Skiplino
import com.skiplino.SkiplinoClient
import com.skiplino.SkiplinoException
import java.io.IOException
import java.net.InetAddress
import java.net.ServerSocket
import java.util.concurrent.TimeUnit
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.system.exitProcess
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import okhttp3.Call
import okhttp3.Callback
import okhttp3.Dispatcher
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.Response

private const val TICKET = "k7m2p9x4q1"
private const val FLIGHT = 64

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

/** A client written by hand with OkHttp. */
private class OkHttp(base: String) {
    private val client = OkHttpClient.Builder()
        .dispatcher(Dispatcher().apply { maxRequestsPerHost = FLIGHT })
        .connectionPool(okhttp3.ConnectionPool(FLIGHT, 1, TimeUnit.MINUTES))
        .build()
    private val request = Request.Builder().url("$base/tickets/$TICKET").header("Authorization", "Bearer pk_bench").build()
    private val json = Json { ignoreUnknownKeys = true }

    fun ticket(): Ticket = client.newCall(request).execute().use(::read)

    suspend fun ticketLater(): Ticket = suspendCancellableCoroutine { continuation ->
        val call = client.newCall(request)
        continuation.invokeOnCancellation { call.cancel() }
        call.enqueue(object : Callback {
            override fun onFailure(call: Call, e: IOException) = continuation.resumeWithException(e)

            override fun onResponse(call: Call, response: Response) {
                val ticket = runCatching { response.use(::read) }
                ticket.fold(continuation::resume, continuation::resumeWithException)
            }
        })
    }

    private fun read(response: Response): Ticket {
        check(response.code == 200)
        return json.decodeFromString<Envelope>(response.body.string()).data
    }

    fun close() {
        client.dispatcher.executorService.shutdown()
        client.connectionPool.evictAll()
    }
}

@Serializable
private data class Envelope(val message: String, val data: Ticket)

@Serializable
private data class Ticket(
    val id: String,
    val ticketNumber: String,
    val status: String,
    val statusAt: String,
    val type: String,
    val time: String?,
    val branch: Named,
    val service: Named,
    val groupOfService: Named,
    val customer: Named?,
    val bookedAt: String,
    val queueSize: Int? = null,
    val waitingTime: Int? = null,
)

@Serializable
private data class Named(val id: String, val name: String)
