// Watching a ticket.
package com.skiplino

import com.skiplino.internal.testingLiveHandles
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.net.URI
import java.time.Duration
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.concurrent.thread
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test

/** Watches a ticket while the network of a phone fails and recovers. */
class WatchingTest {
    private val often = WatchOptions(min = Duration.ofMillis(20), max = Duration.ofMillis(50))

    @BeforeEach
    fun reset() = sandbox.reset()

    @Test
    fun `a ticket is watched until it is served`() = runBlocking {
        sandbox.client(sandbox.publicKey).use { client ->
            val ticket = client.tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP))
            val changes = Channel<Ticket>(Channel.UNLIMITED)
            val watch = launch(Dispatchers.Default) {
                client.tickets.watch(ticket.id, often).collect { changes.send(it) }
                changes.close()
            }
            assertEquals(ticket, changes.receive())
            // Serve all tickets before it, one after the other.
            repeat(ticket.queueSize!!) { ahead ->
                sandbox.control("POST /services/$SERVICE/call-next", JsonValue.obj("finish" to true))
                assertEquals(ticket.queueSize - ahead - 1, changes.receive().queueSize)
            }
            sandbox.control("POST /tickets/${ticket.id}/call")
            assertEquals(TicketStatus.Serving, changes.receive().status)
            sandbox.control("POST /tickets/${ticket.id}/serve")
            assertEquals(TicketStatus.Served, changes.receive().status)
            assertTrue(changes.receiveCatching().isClosed)
            watch.join()
            assertEquals(0, testingLiveHandles().pagers.toInt())
        }
    }

    @Test
    fun `a collector may stop`() = runTest {
        sandbox.client().use { client ->
            assertEquals(listOf(TICKET), client.tickets.watch(TICKET, often).take(1).toList().map { it.id })
            assertEquals(0, testingLiveHandles().pagers.toInt())
        }
    }

    @Test
    fun `collectors of one ticket share polls`() = runBlocking {
        sandbox.client().use { client ->
            val fault = sandbox.fault("getTicket", "hold", "then" to "commit", "when" to mapOf("nth" to 1))
            // All collectors start before the first response: polls are shared while anyone
            // watches.
            val watches = List(8) { async(start = CoroutineStart.UNDISPATCHED) { client.tickets.watch(TICKET).first() } }
            sandbox.held()
            sandbox.release(fault)
            assertEquals(8, watches.awaitAll().size)
            assertEquals(1, sandbox.received("getTicket"))
        }
    }

    @Test
    fun `a network failure does not end a watch`() = runBlocking {
        Network(URI(sandbox.baseUrl).port).use { network ->
            SkiplinoClient(sandbox.publicKey) { baseUrl = network.baseUrl }.use { client ->
                val changes = Channel<Ticket>(Channel.UNLIMITED)
                val watch = launch(Dispatchers.Default) { client.tickets.watch(TICKET, often).collect { changes.send(it) } }
                assertEquals(TicketStatus.Waiting, changes.receive().status)
                network.die()
                sandbox.control("POST /tickets/$TICKET/call")
                // At least two polls have failed.
                network.refused(atLeast = 2)
                assertTrue(changes.tryReceive().isFailure)
                network.live()
                assertEquals(TicketStatus.Serving, changes.receive().status)
                watch.cancel()
            }
        }
    }

    @Test
    fun `a captive portal does not end a watch`() = runBlocking {
        sandbox.client().use { client ->
            val changes = Channel<Ticket>(Channel.UNLIMITED)
            val watch = launch(Dispatchers.Default) { client.tickets.watch(TICKET, often).collect { changes.send(it) } }
            assertEquals(TicketStatus.Waiting, changes.receive().status)
            val before = sandbox.received("getTicket")
            val portal = sandbox.fault("*", "html_200")
            sandbox.control("POST /tickets/$TICKET/call")
            while (sandbox.received("getTicket") < before + 3) Thread.onSpinWait()
            sandbox.control("DELETE /faults/$portal")
            assertEquals(TicketStatus.Serving, changes.receive().status)
            watch.cancel()
        }
    }

    @Test
    fun `watching an unknown ticket fails`() = runBlocking {
        sandbox.client().use { client ->
            try {
                client.tickets.watch("nothing000", often).collect { fail("there is no such ticket") }
                fail("there is no such ticket")
            } catch (error: SkiplinoException.NotFound) {
                assertEquals("getTicket", error.operation)
            }
        }
    }

    @Test
    fun `a negative poll interval is rejected`() = runBlocking {
        sandbox.client().use { client ->
            val error = runCatching { client.tickets.watch(TICKET, WatchOptions(min = Duration.ofMillis(-1))).first() }.exceptionOrNull()
            assertEquals(mapOf("min" to listOf("must not be negative")), (error as SkiplinoException.InvalidRequest).fields)
        }
    }

    private companion object {
        val sandbox by lazy { Sandbox() }

        @JvmStatic
        @AfterAll
        fun close() = sandbox.close()
    }
}

/** A proxy to a local port that can be disconnected. */
private class Network(private val port: Int) : AutoCloseable {
    private val listener = ServerSocket(0, 50, InetAddress.getLoopbackAddress())
    private val open = ConcurrentLinkedQueue<Socket>()
    private val refusals = Channel<Unit>(Channel.UNLIMITED)

    @Volatile private var alive = true
    val baseUrl = "http://127.0.0.1:${listener.localPort}/external/v1"

    init {
        thread(isDaemon = true) {
            while (true) {
                val socket = try {
                    listener.accept()
                } catch (_: java.io.IOException) {
                    break
                }
                if (alive) {
                    connect(socket)
                } else {
                    socket.close()
                    refusals.trySend(Unit)
                }
            }
        }
    }

    private fun connect(socket: Socket) {
        val server = Socket(InetAddress.getLoopbackAddress(), port)
        open += listOf(socket, server)
        for ((from, to) in listOf(socket to server, server to socket)) {
            thread(isDaemon = true) {
                try {
                    from.getInputStream().copyTo(to.getOutputStream())
                } catch (_: java.io.IOException) {
                    // Disconnected.
                }
                from.close()
                to.close()
            }
        }
    }

    fun die() {
        alive = false
        open.forEach { it.close() }
        open.clear()
    }

    suspend fun refused(atLeast: Int) = repeat(atLeast) { refusals.receive() }

    fun live() {
        alive = true
    }

    override fun close() {
        die()
        listener.close()
    }
}
