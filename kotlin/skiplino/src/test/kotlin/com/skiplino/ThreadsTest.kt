// Callers' code never runs on the thread that runs the library's calls.
package com.skiplino

import java.util.concurrent.CompletableFuture
import java.util.concurrent.Executor
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import java.util.function.Consumer
import kotlin.coroutines.Continuation
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

class ThreadsTest {
    /** Runs its tasks on the thread that submits them. */
    private val direct = Executor(Runnable::run).asCoroutineDispatcher()

    /** Ways to have code run after a call, on a thread that the caller does not choose. */
    private val callbacks: List<Pair<String, (SkiplinoClient, () -> Unit) -> Unit>> = listOf(
        "a coroutine under Unconfined" to { client, work -> start(Dispatchers.Unconfined) { client.branches.list(); work() } },
        "a write under Unconfined" to { client, work ->
            start(Dispatchers.Unconfined) { client.tickets.cancel(TICKET); work() }
        },
        "a failed call under Unconfined" to { client, work ->
            start(Dispatchers.Unconfined) { runCatching { client.tickets.get("nothing000") }; work() }
        },
        "a coroutine on an executor that runs tasks in place" to { client, work -> start(direct) { client.branches.list(); work() } },
        "a coroutine on a view of such an executor" to { client, work ->
            start(direct.limitedParallelism(1)) { client.branches.list(); work() }
        },
        "a coroutine without a dispatcher" to { client, work ->
            suspend { client.branches.list(); work() }.startCoroutine(Continuation(EmptyCoroutineContext) { it.getOrThrow() })
        },
        "a collector of a list under Unconfined" to { client, work ->
            start(Dispatchers.Unconfined) { client.customers.list().items().collect { if (it.id == LAYLA) work() } }
        },
        "the progress of a list under Unconfined" to { client, work ->
            start(Dispatchers.Unconfined) { client.customers.list().pages { work() }.first() }
        },
        "a collector of a watch under Unconfined" to { client, work ->
            start(Dispatchers.Unconfined) { client.tickets.watch(TICKET).first(); work() }
        },
        "a listener for responses under Unconfined" to { client, work ->
            start(Dispatchers.Unconfined) { client.branches.list(CallOptions(onResponse = Consumer { work() })) }
        },
        "a completion handler under Unconfined" to { client, work ->
            start(Dispatchers.Unconfined) { client.branches.list() }.invokeOnCompletion { work() }
        },
        "a future" to { client, work -> client.branches.listAsync().thenRun(work) },
        "a failed future" to { client, work -> client.tickets.getAsync("nothing000").whenComplete { _, _ -> work() } },
        "a watch with a callback" to { client, work -> client.tickets.watchAsync(TICKET) { work() } },
        "a list with a callback" to { client, work -> client.customers.list().forEachAsync { work() } },
        "a logger" to { client, work ->
            Skiplino.setLogger({ _, _ -> work() }, LogLevel.Debug)
            start(Dispatchers.Default) { client.branches.list() }
        },
    )

    @BeforeEach
    fun reset() = sandbox.reset()

    private fun start(context: CoroutineContext, code: suspend () -> Unit): Job =
        CoroutineScope(SupervisorJob()).launch(context) {
            try {
                code()
            } catch (_: SkiplinoException.Closed) {
                // The callback closed the client.
            }
        }

    /**
     * Runs code once in each callback, and waits for its end. The sandbox holds the responses until
     * every callback is set.
     */
    private fun inEachCallback(code: (SkiplinoClient) -> Unit): List<DynamicTest> = callbacks.map { (name, call) ->
        dynamicTest(name) {
            sandbox.reset()
            sandbox.client().use { client ->
                val fault = sandbox.fault("*", "hold", "then" to "commit", "when" to mapOf("nth" to 1))
                val isFirst = AtomicBoolean(true)
                val done = CompletableFuture<Unit>()
                try {
                    call(client) {
                        if (isFirst.getAndSet(false)) done.complete(code(client))
                    }
                    sandbox.held()
                    sandbox.release(fault)
                    // A time limit of JUnit does not hold for dynamic tests.
                    done.get(30, TimeUnit.SECONDS)
                } finally {
                    Skiplino.setLogger(null)
                }
            }
        }
    }

    @TestFactory
    fun `a callback may wait for another call`() = inEachCallback { client ->
        assertTrue(runBlocking { client.branches.list() }.isNotEmpty())
        assertTrue(client.branches.listAsync().join().isNotEmpty())
    }

    @TestFactory
    fun `a callback that waits does not keep other calls`() = inEachCallback { client ->
        val other = CompletableFuture.supplyAsync { runBlocking(Dispatchers.Default) { client.branches.list() } }
        assertTrue(other.join().isNotEmpty())
    }

    @TestFactory
    fun `a callback may close the client`() = inEachCallback { client ->
        client.close()
        assertTrue(client.isClosed)
        sandbox.client().use { next -> assertTrue(next.branches.listAsync().join().isNotEmpty()) }
    }

    @Test
    fun `a write under Unconfined is cancelled at once and reports its outcome`() = runBlocking {
        sandbox.client().use { client ->
            val fault = sandbox.fault("bookTicket", "hold", "then" to "commit")
            val outcome = CompletableDeferred<Outcome>()
            // Nested: Unconfined starts the inner coroutine after the outer one has suspended.
            val call = launch(Dispatchers.Unconfined) {
                launch(Dispatchers.Unconfined) {
                    try {
                        client.tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP))
                    } catch (cancelled: CallCancelledException) {
                        outcome.complete(cancelled.outcome)
                    }
                }
            }
            sandbox.held()
            call.cancelAndJoin()
            assertEquals(Outcome.Unknown, outcome.await())
            sandbox.release(fault)
        }
    }

    @Test
    fun `a logger receives the lines in order, on one thread`() = runBlocking {
        sandbox.client { maxAttempts = 3 }.use { client ->
            sandbox.fault("getTicket", "status", "status" to 503)
            val lines = ArrayList<Pair<Thread, String>>()
            val failed = CompletableDeferred<Unit>()
            Skiplino.setLogger({ _, line ->
                lines += Thread.currentThread() to line
                if ("the call failed" in line) failed.complete(Unit)
            }, LogLevel.Debug)
            try {
                assertTrue(runCatching { client.tickets.get(TICKET) }.exceptionOrNull() is SkiplinoException.Server)
                failed.await()
            } finally {
                Skiplino.setLogger(null)
            }
            assertEquals(1, lines.map { it.first }.toSet().size, "$lines")
            assertEquals(listOf("1", "2", "3"), lines.mapNotNull { Regex("attempt=(\\d)").find(it.second)?.groupValues?.get(1) }.distinct())
            assertTrue("the call failed" in lines.last().second, "$lines")
        }
    }

    @Test
    fun `a slow logger does not slow down calls`() = runBlocking {
        sandbox.client().use { client ->
            val (entered, leave) = CompletableFuture<Unit>() to CompletableFuture<Unit>()
            Skiplino.setLogger({ _, _ ->
                entered.complete(Unit)
                leave.join()
            }, LogLevel.Debug)
            try {
                client.tickets.get(TICKET)
                entered.join()
                assertEquals(TICKET, client.tickets.get(TICKET).id)
                assertFalse(leave.isDone)
            } finally {
                leave.complete(Unit)
                Skiplino.setLogger(null)
            }
        }
    }

    private companion object {
        val sandbox by lazy { Sandbox() }

        @JvmStatic
        @AfterAll
        fun close() = sandbox.close()
    }
}
