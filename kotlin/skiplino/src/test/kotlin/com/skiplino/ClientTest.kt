// The client: settings, responses, logging, panics and memory.
package com.skiplino

import com.skiplino.internal.FfiConverterBoolean
import com.skiplino.internal.NativeCall
import com.skiplino.internal.testingLiveHandles
import com.skiplino.internal.testingPanic
import com.skiplino.internal.testingSetOnDevice
import java.io.File
import java.time.Duration
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.count
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test

class ClientTest {
    @BeforeEach
    fun reset() = sandbox.reset()

    @Test
    fun `fifty calls run at once`() = runBlocking {
        sandbox.client().use { client ->
            val tickets = withContext(Dispatchers.Default) { List(50) { async { client.tickets.get(TICKET) } }.awaitAll() }
            assertEquals(1, tickets.toSet().size)
            assertEquals(50, sandbox.received("getTicket"))
        }
    }

    @Test
    fun `all calls fail after closing`() = runBlocking {
        val client = sandbox.client()
        val list = client.customers.list()
        val view = client.withOptions(CallOptions(locale = "ar"))
        assertFalse(client.isClosed)
        client.close()
        client.close()
        view.close()
        assertTrue(client.isClosed)
        assertTrue(view.isClosed)
        val calls: List<suspend () -> Any?> = listOf(
            { client.branches.list() },
            { client.tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP)) },
            { client.tickets.watch(TICKET).toList() },
            { list.page(1) },
            { list.items().toList() },
            { view.branches.list() },
        )
        for (call in calls) {
            val error = runCatching { call() }.exceptionOrNull() as SkiplinoException.Closed
            assertEquals("the client is closed", error.message)
            assertEquals(Outcome.NotApplied, error.outcome)
        }
        assertEquals(0, sandbox.received("listBranches"))
    }

    @Test
    fun `the language changes for a call and for a client`() = runBlocking {
        sandbox.client { locale = "en" }.use { client ->
            val english = client.branches.list().first().name
            val arabic = client.branches.list(CallOptions(locale = "ar")).first().name
            assertTrue(english != arabic)
            val switched = client.withOptions(CallOptions(locale = "ar"))
            assertEquals(arabic, switched.branches.list().first().name)
            assertEquals(english, switched.branches.list(CallOptions(locale = "en")).first().name)
            assertEquals(english, client.branches.list().first().name)
        }
    }

    @Test
    fun `a response has metadata`() = runBlocking {
        sandbox.client().use { client ->
            sandbox.fault("bookTicket", "drop_after_commit", "when" to mapOf("nth" to 1))
            val (ticket, info) = client.withResponse { tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP, CustomerRef.Id(LAYLA))) }
            assertEquals(LAYLA, ticket.customer?.id)
            assertTrue(info.recovered)
            assertEquals(1, info.attempts)
            assertEquals(200, info.status)
            assertEquals("application/json", info.header("Content-Type"))
            assertNull(info.header("x-none"))
        }
    }

    @Test
    fun `unknown values are kept`() = runBlocking {
        sandbox.client().use { client ->
            sandbox.fault("getTicket", "unknown_enum")
            val ticket = client.tickets.get(TICKET)
            assertTrue(ticket.status is TicketStatus.Unknown)
            assertTrue(ticket.type is TicketType.Unknown)
            assertEquals(ticket.status.value, "${ticket.status}")
            assertEquals(ticket.status, TicketStatus.of(ticket.status.value))
        }
        assertEquals(TicketStatus.Waiting, TicketStatus.of("waiting"))
        assertEquals(TicketType.Appointment, TicketType.of("appointment"))
    }

    @Test
    fun `a pager reports its progress`() = runBlocking {
        sandbox.control("POST /customers/generate", JsonValue.obj("count" to 250))
        sandbox.client().use { client ->
            val progress = ArrayList<ListProgress>()
            assertEquals(253, client.customers.list().items(progress::add).count())
            assertEquals(listOf(100L, 200L, 253L, 253L), progress.map { it.records })
            assertEquals(253L, progress.last().total)
            assertFalse(progress.last().changedDuringRead)
            assertEquals(3, client.customers.list().pages().count())
            assertEquals(0, testingLiveHandles().pagers.toInt())
        }
    }

    @Test
    fun `a panic is an error`() = runBlocking {
        val here = assertThrows(SkiplinoException.Internal::class.java) { translateErrors { testingPanic() } }
        val dispatcher = CallDispatcher(sandbox.secretKey, ClientOptions())
        val there = runCatching { dispatcher.read(NativeCall.TestingPanic, FfiConverterBoolean::read) }.exceptionOrNull()
        dispatcher.close()
        for (error in listOf(here, there as SkiplinoException.Internal)) {
            assertEquals("a bug in the client library", error.message)
            assertEquals(Outcome.Unknown, error.outcome)
        }
        // Later calls still work.
        sandbox.client().use { client -> assertTrue(client.branches.list().isNotEmpty()) }
    }

    @Test
    fun `a secret key is rejected on a device unless it is allowed`() = runBlocking {
        testingSetOnDevice(true)
        try {
            val error = assertThrows(SkiplinoException.InvalidRequest::class.java) { sandbox.client().close() }
            assertEquals(setOf("apiKey"), error.fields.keys)
            assertEquals(Outcome.NotApplied, error.outcome)
            assertEquals(
                "invalid input: apiKey: a secret key must not be used on a device: use a public key, or allow it in the client builder",
                error.message,
            )
            // Apps use public keys.
            sandbox.client(sandbox.publicKey).use { assertEquals(2, it.branches.list().size) }
            sandbox.client { allowSecretKeyOnDevice = true }.use { assertEquals(3, it.customers.list().page(1).items.size) }
        } finally {
            testingSetOnDevice(false)
        }
    }

    @Test
    fun `invalid settings are rejected by name`() {
        val settings: List<Pair<String, ClientOptions.() -> Unit>> = listOf(
            "baseUrl" to { baseUrl = "http://example.com" },
            "locale" to { locale = "a b" },
            "deadline" to { deadline = Duration.ofMillis(-1) },
            "attemptTimeout" to { attemptTimeout = Duration.ZERO },
            "maxAttempts" to { maxAttempts = -1 },
            "backoff" to { backoff = Duration.ofSeconds(Long.MIN_VALUE) },
            "requestsPerSecond" to { requestsPerSecond = 0.0 },
            "maxResponseBytes" to { maxResponseBytes = -1 },
            "proxy" to { proxy = "not a proxy" },
            "rootCertificates" to { rootCertificates = "not a certificate" },
            "userAgentSuffix" to { userAgentSuffix = "\n" },
        )
        for ((name, set) in settings) {
            val error = assertThrows(SkiplinoException.InvalidRequest::class.java, { SkiplinoClient("pk_x", set).close() }, name)
            assertEquals(setOf(name), error.fields.keys)
        }
        assertEquals(KeyClass.Secret, sandbox.client().use { it.keyClass })
        assertEquals(KeyClass.Public, sandbox.client(sandbox.publicKey).use { it.keyClass })
    }

    @Test
    fun `personal data is not printed`() = runBlocking {
        val secrets = listOf("Layla", "layla@example.com", "+97333778899", "sk_sandbox", "gold")
        sandbox.client().use { client ->
            val written = CustomerWriteRequest("crm-9", secrets[0], secrets[1], secrets[2], JsonValue.obj("tier" to "gold"))
            val printed = listOf(
                client,
                written,
                CustomerUpdateRequest(CustomerRef.Id(LAYLA), name = secrets[0], email = secrets[1]),
                client.customers.create(written),
                client.customers.list().page(1),
                client.tickets.get(TICKET),
                runCatching { client.customers.create(written.copy(email = "layla@example.com no")) }.exceptionOrNull(),
                runCatching { client.customers.create(written) }.exceptionOrNull(),
            )
            for (text in printed.map(Any?::toString)) {
                assertTrue(secrets.none { it in text }, text)
            }
        }
    }

    @Test
    fun `a logger receives log lines`() = runBlocking {
        val lines = LinkedBlockingQueue<Pair<LogLevel, String>>()
        sandbox.client().use { client ->
            Skiplino.setLogger({ level, line ->
                lines += level to line
                error("a logger that fails does not make a call fail")
            }, LogLevel.Debug)
            try {
                repeat(2) {
                    client.tickets.get(TICKET)
                    val (level, line) = lines.take()
                    assertEquals(LogLevel.Debug, level)
                    assertTrue(line.startsWith("getTicket: "), line)
                }
                Skiplino.setLogger(null)
                lines.clear()
                client.tickets.get(TICKET)
                // The lines of this call come after any of the one before.
                Skiplino.setLogger({ level, line -> lines += level to line }, LogLevel.Debug)
                client.branches.list()
                assertTrue(lines.take().second.startsWith("listBranches: "))
            } finally {
                Skiplino.setLogger(null)
            }
        }
    }

    @Test
    fun `warming up loads the library`() {
        assertEquals(Unit, Skiplino.warmUp().get(30, TimeUnit.SECONDS))
    }

    @Test
    fun `nothing leaks over 10000 clients`() = runBlocking {
        // Caches and threads of the first use exist now.
        repeat(200) { useOnce() }
        collectGarbage()
        val (before, handles) = memory() to testingLiveHandles()
        repeat(10_000) { useOnce() }
        collectGarbage()
        assertEquals(handles, testingLiveHandles())
        // A leaked client is at least 30 kB: 300 MB in all.
        val grown = memory() - before
        assertTrue(grown < 60_000, "grown by $grown kB")
    }

    private suspend fun useOnce() {
        sandbox.client().use { client ->
            val error = runCatching { client.tickets.get("") }.exceptionOrNull()
            assertTrue(error is SkiplinoException.InvalidRequest, error.toString())
            val write = runCatching { client.tickets.cancel("") }.exceptionOrNull()
            assertTrue(write is SkiplinoException.InvalidRequest, write.toString())
        }
    }

    /** The memory of the process in kB, including the whole Java heap: see pom.xml. */
    private fun memory(): Long =
        File("/proc/self/status").readLines().first { it.startsWith("VmRSS:") }.filter(Char::isDigit).toLong()

    private fun collectGarbage() {
        repeat(3) { System.gc() }
    }

    private companion object {
        val sandbox by lazy { Sandbox() }

        @JvmStatic
        @AfterAll
        fun close() = sandbox.close()
    }
}
