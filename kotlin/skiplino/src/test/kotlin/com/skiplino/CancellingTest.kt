// Cancellation: coroutines, timeouts and closing the client.
package com.skiplino

import com.skiplino.internal.testingLiveHandles
import java.time.Duration
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.supervisorScope
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

class CancellingTest {
    @BeforeEach
    fun reset() = sandbox.reset()

    @TestFactory
    fun `cancelling a read ends its request`(): List<DynamicTest> {
        val reads: List<Triple<String, String, suspend SkiplinoClient.() -> Any?>> = listOf(
            Triple("a call", "getTicket") { tickets.get(TICKET) },
            Triple("a page", "listCustomers") { customers.list().page(1) },
            Triple("a pager", "listCustomers") { customers.list().items().first() },
            Triple("a watch", "getTicket") { tickets.watch(TICKET).first() },
        )
        return reads.map { (name, operation, read) ->
            dynamicTest(name) {
                runBlocking {
                    sandbox.reset()
                    sandbox.client().use { client ->
                        val fault = sandbox.fault(operation, "hold", "then" to "commit")
                        val call = launch(Dispatchers.Default) { client.read() }
                        sandbox.held()
                        call.cancelAndJoin()
                        // The client is still open: cancelling closed the connection of the
                        // request.
                        sandbox.releaseAbandoned(fault)
                        assertTrue(client.branches.list().isNotEmpty())
                        assertEquals(0, testingLiveHandles().pagers.toInt())
                    }
                }
            }
        }
    }

    @TestFactory
    fun `cancelling a write that arrived says that it may have been applied`(): List<DynamicTest> {
        val layla = CustomerRef.Id(LAYLA)
        val writes: List<Triple<String, Int, suspend SkiplinoClient.() -> Any?>> = listOf(
            Triple("bookTicket", 1) { tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP)) },
            Triple("cancelTicket", 1) { tickets.cancel(TICKET) },
            Triple("createCustomer", 1) { customers.create(CustomerWriteRequest()) },
            Triple("updateCustomer", 1) { customers.update(CustomerUpdateRequest(layla, name = "Layla")) },
            Triple("deleteCustomer", 1) { customers.delete(layla) },
        )
        return writes.map { (operation, attempts, write) ->
            dynamicTest(operation) {
                runBlocking {
                    sandbox.reset()
                    sandbox.client().use { client ->
                        val fault = sandbox.fault(operation, "hold", "then" to "commit")
                        var cancelled: CallCancelledException? = null
                        val call = launch(Dispatchers.Default) {
                            try {
                                client.write()
                                fail("it was cancelled")
                            } catch (exception: CallCancelledException) {
                                cancelled = exception
                                throw exception
                            }
                        }
                        sandbox.held()
                        call.cancelAndJoin()
                        sandbox.releaseAbandoned(fault)
                        val error = requireNotNull(cancelled) { "the error has no outcome" }
                        assertEquals(Outcome.Unknown, error.outcome)
                        assertEquals(operation, error.cause.operation)
                        assertEquals(attempts, error.cause.attempts)
                        assertTrue(error.message!!.endsWith("cancelled; it may have been applied"), error.message)
                        // The server has applied the write.
                        assertEquals(1, sandbox.committed(operation))
                        assertEquals(0, testingLiveHandles().cancelHandles.toInt())
                    }
                }
            }
        }
    }

    @Test
    fun `cancelling a write before its request is sent says that it was not applied`() = runBlocking {
        sandbox.client { maxAttempts = 2 }.use { client ->
            sandbox.fault("bookTicket", "rate_limit", "retryAfter" to 20)
            val rejected = CompletableDeferred<Unit>()
            Skiplino.setLogger({ _, line -> if ("kind=RateLimited" in line) rejected.complete(Unit) }, LogLevel.Debug)
            var outcome: Outcome? = null
            val call = launch(Dispatchers.Default) {
                try {
                    client.tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP))
                } catch (exception: CallCancelledException) {
                    outcome = exception.outcome
                }
            }
            // The response was read; the client waits for its Retry-After.
            rejected.await()
            call.cancelAndJoin()
            Skiplino.setLogger(null)
            assertEquals(Outcome.NotApplied, outcome)
            assertEquals(0, sandbox.committed("bookTicket"))
        }
    }

    @Test
    fun `a coroutine that is already cancelled sends nothing`() = runBlocking {
        sandbox.client().use { client ->
            val call = launch(Dispatchers.Default) {
                currentCoroutineContext()[Job]!!.cancel()
                try {
                    client.tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP))
                    fail("it was cancelled")
                } catch (exception: CancellationException) {
                    assertNull(exception.cause as? SkiplinoException)
                    throw exception
                }
            }
            call.join()
            assertEquals(0, sandbox.received("bookTicket"))
        }
    }

    @Test
    fun `withTimeout cancels a call`() = runTest {
        sandbox.client().use { client ->
            val fault = sandbox.fault("*", "hold", "then" to "commit")
            val read = async(start = CoroutineStart.UNDISPATCHED) { withTimeoutOrNull(50) { client.tickets.get(TICKET) } }
            val write = async(start = CoroutineStart.UNDISPATCHED) { withTimeoutOrNull(50) { client.tickets.cancel(TICKET) } }
            sandbox.held(atLeast = 2)
            // The test's virtual time passes while the coroutine waits here.
            assertNull(read.await())
            assertNull(write.await())
            sandbox.releaseAbandoned(fault, requests = 2)
        }
    }

    @Test
    fun `a failing coroutine cancels the calls of its siblings`() = runBlocking {
        sandbox.client().use { client ->
            val fault = sandbox.fault("getTicket", "hold", "then" to "commit")
            val failure = runCatching {
                withContext(Dispatchers.Default) {
                    repeat(8) { async { client.tickets.get(TICKET) } }
                    sandbox.held(atLeast = 8)
                    client.tickets.cancel("")
                }
            }.exceptionOrNull()
            assertTrue(failure is SkiplinoException.InvalidRequest, failure.toString())
            sandbox.releaseAbandoned(fault, requests = 8)
        }
    }

    @Test
    fun `virtual test time does not affect calls`() = runTest {
        sandbox.client().use { client ->
            assertEquals(TICKET, client.tickets.get(TICKET).id)
            assertEquals(TicketStatus.Cancelled, client.tickets.cancel(TICKET).status)
        }
    }

    @Test
    fun `closing ends the calls in flight with Closed`() = runBlocking {
        val client = sandbox.client()
        val fault = sandbox.fault("*", "hold", "then" to "commit")
        supervisorScope {
            val read = async(Dispatchers.Default) { runCatching { client.tickets.get(TICKET) } }
            val write = async(Dispatchers.Default) { runCatching { client.tickets.cancel(TICKET) } }
            val watch = async(Dispatchers.Default) { runCatching { client.tickets.watch(TICKET).first() } }
            val pager = async(Dispatchers.Default) { runCatching { client.customers.list().items().first() } }
            sandbox.held(atLeast = 4)
            client.close()
            val errors = listOf(read, write, watch, pager).map { it.await().exceptionOrNull() as SkiplinoException.Closed }
            assertEquals(listOf(Outcome.NotApplied, Outcome.Unknown, Outcome.NotApplied, Outcome.NotApplied), errors.map { it.outcome })
            assertEquals("cancel the ticket: the client is closed; it may have been applied", errors[1].message)
            assertEquals("get the ticket: the client is closed", errors[2].message)
        }
        sandbox.releaseAbandoned(fault, requests = 4)
    }

    @Test
    fun `the deadline of a call reports its outcome`() = runBlocking {
        sandbox.client().use { client ->
            sandbox.fault("bookTicket", "hold", "then" to "commit")
            val error = runCatching {
                client.tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP), CallOptions(deadline = Duration.ofMillis(100)))
            }.exceptionOrNull()
            assertSame(SkiplinoException.OutcomeUnknown::class.java, error?.javaClass)
        }
    }

    private companion object {
        val sandbox by lazy { Sandbox() }

        @JvmStatic
        @AfterAll
        fun close() = sandbox.close()
    }
}
