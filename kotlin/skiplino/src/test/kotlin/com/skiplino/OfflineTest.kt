// Calls without a network and behind a captive portal.
package com.skiplino

import java.time.Duration
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

class OfflineTest {
    @TestFactory
    fun `without a network calls fail with Connect`(): List<DynamicTest> {
        val calls: List<Pair<String, suspend SkiplinoClient.() -> Any?>> = listOf(
            "a read" to { branches.list() },
            "a booking" to { tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP)) },
            "a booking for a customer" to { tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP, CustomerRef.Id(LAYLA))) },
        )
        return calls.map { (name, call) ->
            dynamicTest(name) {
                runBlocking {
                    SkiplinoClient("pk_offline") {
                        baseUrl = nobody()
                        backoff = Duration.ofMillis(1)
                    }.use { client ->
                        val error = runCatching { client.call() }.exceptionOrNull() as SkiplinoException.Connect
                        assertEquals(Outcome.NotApplied, error.outcome)
                        assertTrue(error.isRetryable)
                        assertEquals(null, error.status)
                    }
                }
            }
        }
    }

    @Test
    fun `a captive portal's page is an error that keeps its status`() = runBlocking {
        Sandbox().use { sandbox ->
            sandbox.client().use { client ->
                sandbox.fault("*", "html_200")
                val read = runCatching { client.branches.list() }.exceptionOrNull() as SkiplinoException.Decode
                assertEquals(200, read.status)
                assertEquals(Outcome.NotApplied, read.outcome)
                sandbox.control("DELETE /faults")
                sandbox.fault("*", "redirect", "location" to "http://portal.example/login")
                val redirected = runCatching { client.branches.list() }.exceptionOrNull() as SkiplinoException.UnexpectedStatus
                assertEquals(302, redirected.status)
                sandbox.control("DELETE /faults")
                assertTrue(client.branches.list().isNotEmpty())
            }
        }
    }
}
