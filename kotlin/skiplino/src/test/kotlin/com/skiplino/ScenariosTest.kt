// Runs the scenarios of `tests/scenarios`.
package com.skiplino

import java.io.File
import java.time.Duration
import java.time.Instant
import java.time.LocalDate
import java.time.format.DateTimeFormatterBuilder
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicContainer
import org.junit.jupiter.api.DynamicContainer.dynamicContainer
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

/** The Kotlin runner of `tests/scenarios`. */
class ScenariosTest {
    @Test
    fun `there are scenarios`() {
        assertTrue(FILES.size > 5)
        assertTrue(FILES.sumOf { scenarios(it).size } > 100)
    }

    @TestFactory
    fun scenario(): List<DynamicContainer> = FILES.map { file ->
        dynamicContainer(file.nameWithoutExtension, scenarios(file).map { scenario ->
            dynamicTest(scenario["name"].text) {
                runBlocking { Player(sandbox, scenario).play() }
                // For `make parity`.
                System.getenv("SKIPLINO_PARITY")?.let { File(it, "kotlin").appendText(scenario["name"].text + "\n") }
            }
        })
    }

    private companion object {
        val sandbox by lazy { Sandbox() }
        val FILES: List<File> = File(ROOT, "tests/scenarios").listFiles { file -> file.extension == "json" && file.name != "schema.json" }!!
            .sorted()

        fun scenarios(file: File) = (JsonValue.parse(file.readText())["scenarios"] as JsonValue.Array).items

        @JvmStatic
        @AfterAll
        fun close() = sandbox.close()
    }
}

private class Player(private val sandbox: Sandbox, private val scenario: JsonValue) {
    private val saved = HashMap<String, JsonValue>()

    suspend fun play() {
        sandbox.reset()
        val rejected = scenario["rejected"]
        if (rejected != null) {
            val error = assertThrows(SkiplinoException::class.java) { client().close() }
            compareError(rejected, error)
            return
        }
        client().use { client ->
            for (step in (scenario["steps"] as JsonValue.Array).items) {
                val value = take(client, substitute(step))
                step["save"]?.let { saved[it.text] = value }
            }
        }
        (scenario["requests"] as JsonValue.Object?)?.fields?.forEach { (operation, count) ->
            assertEquals(count.int, sandbox.received(operation), operation)
        }
    }

    private fun client(): SkiplinoClient {
        val given = scenario["client"] ?: JsonValue.obj()
        val key = when (val key = given["key"]?.text ?: "secret") {
            "secret" -> sandbox.secretKey
            "public" -> sandbox.publicKey
            else -> key
        }
        return SkiplinoClient(key) {
            val url = given["baseUrl"]?.text
            baseUrl = if (url == "gone") nobody() else url ?: sandbox.baseUrl
            backoff = Duration.ofMillis(given["backoffMs"]?.int?.toLong() ?: 1)
            maxBackoff = backoff
            locale = given["locale"]?.text
            maxAttempts = given["maxAttempts"]?.int
            maxResponseBytes = given["maxResponseBytes"]?.int?.toLong()
            attemptTimeout = given["attemptTimeoutMs"]?.int?.let { Duration.ofMillis(it.toLong()) }
            deadline = given["deadlineMs"]?.int?.let { Duration.ofMillis(it.toLong()) }
        }
    }

    private suspend fun take(client: SkiplinoClient, step: JsonValue): JsonValue {
        step["sandbox"]?.let { request ->
            val came = sandbox.control(request.text, step["body"])
            step["expect"]?.let { contains("sandbox", it, came) }
            return came
        }
        val expect = step["expect"]!!
        val wanted = expect["error"]
        step["cancel"]?.let { moment ->
            compareCancelled(wanted!!, cancelled(client, step, moment.text))
            return JsonValue.Null
        }
        val came = try {
            call(client, step)
        } catch (error: SkiplinoException) {
            if (wanted == null) throw error
            compareError(wanted, error)
            return JsonValue.Null
        }
        assertEquals(null, wanted, "it should have failed")
        (expect as JsonValue.Object).fields.forEach { (name, expected) -> contains(name, expected, came.getValue(name)) }
        return came.getValue("value")
    }

    /** The result of a call whose coroutine is cancelled. */
    private suspend fun cancelled(client: SkiplinoClient, step: JsonValue, moment: String): Throwable? = coroutineScope {
        var ended: Throwable? = null
        val call = launch(Dispatchers.Default) {
            if (moment == "before") cancel()
            ended = runCatching { call(client, step) }.exceptionOrNull()
        }
        if (moment == "when-held") {
            sandbox.held()
            call.cancel()
        }
        call.join()
        // A cancelled read, or a write that did not start, throws a plain CancellationException.
        val hasOutcome = ended is CallCancelledException || moment == "before" || step["call"].text !in WRITES
        ended.takeIf { hasOutcome } ?: error("the error of a write has no outcome: $ended")
    }

    private suspend fun call(client: SkiplinoClient, step: JsonValue): Map<String, JsonValue> {
        val callOptions = step["options"]?.let { options ->
            CallOptions(
                locale = options["locale"]?.text,
                deadline = options["deadlineMs"]?.let { Duration.ofMillis(it.int.toLong()) },
                maxAttempts = options["maxAttempts"]?.int,
            )
        } ?: CallOptions()
        val given = (step["with"] ?: JsonValue.obj()) as JsonValue.Object
        val name = step["call"].text
        val limit = given["limit"]?.int
        when (name) {
            "customers.list.items" -> return all(client.customers.list(limit, callOptions).items(), step) { it.toJson() }
            "customers.tickets.items" -> return all(client.customers.tickets(whom(given), limit, callOptions).items(), step) { it.toJson() }
            "tickets.watch" -> {
                val often = WatchOptions(min = Duration.ofMillis(1), max = Duration.ofMillis(1))
                return all(client.withOptions(callOptions).tickets.watch(given["ticketId"].text, often), step) { it.toJson() }
            }
        }
        val response = client.withResponse { withOptions(callOptions).operate(name, given, limit) }
        return mapOf(
            "value" to response.data,
            "status" to JsonValue.of(response.info.status),
            "message" to JsonValue.of(response.info.message),
            "attempts" to JsonValue.of(response.info.attempts),
            "recovered" to JsonValue.of(response.info.recovered),
        )
    }

    /** All items of a flow. After each item the next request of `between` is made. */
    private suspend fun <T> all(bits: Flow<T>, step: JsonValue, json: (T) -> JsonValue): Map<String, JsonValue> {
        val between = (step["between"] as JsonValue.Array?)?.items.orEmpty().iterator()
        val came = bits.map { bit ->
            if (between.hasNext()) between.next().let { sandbox.control(it["sandbox"].text, it["body"]) }
            json(bit)
        }
        return mapOf("value" to JsonValue.Array(came.toList()))
    }

    private suspend fun SkiplinoClient.operate(name: String, given: JsonValue.Object, limit: Int?): JsonValue = when (name) {
        "warmUp" -> {
            warmUp()
            JsonValue.Null
        }
        "branches.list" -> JsonValue.Array(branches.list().map { it.toJson() })
        "branches.tree" -> JsonValue.Array(branches.tree(given["branchId"].text).map { it.toJson() })
        "services.slots" -> {
            val date = given["date"]?.let { LocalDate.parse(it.text) }
            JsonValue.Array(services.slots(given["serviceId"].text, date).map { it.toJson() })
        }
        "tickets.book" -> tickets.book(booking(given)).toJson()
        "tickets.get" -> tickets.get(given["ticketId"].text).toJson()
        "tickets.cancel" -> tickets.cancel(given["ticketId"].text).toJson()
        "tickets.reschedule" -> tickets.reschedule(given["ticketId"].text, Instant.parse(given["time"].text), whom(given)).toJson()
        "customers.create" -> customers.create(
            CustomerWriteRequest(
                externalId = given["externalId"]?.text,
                name = given["name"]?.text,
                email = given["email"]?.text,
                mobile = given["mobile"]?.text,
                metadata = given["metadata"],
            ),
        ).toJson()
        "customers.list" -> customers.list(limit).page(given["page"]?.int ?: 1).toJson { it.toJson() }
        "customers.get" -> customers.get(whom(given)).toJson()
        "customers.find" -> customers.find(whom(given))?.toJson() ?: JsonValue.Null
        "customers.update" -> customers.update(
            CustomerUpdateRequest(
                customer = whom(given),
                name = given["name"]?.text,
                email = given["email"]?.text,
                mobile = given["mobile"]?.text,
                metadata = given["metadata"],
                // With an id beside it, the external id is a new value.
                newExternalId = given["externalId"]?.text.takeIf { given["customerId"] != null },
            ),
        ).toJson()
        "customers.delete" -> {
            customers.delete(whom(given))
            JsonValue.Null
        }
        "customers.tickets" -> customers.tickets(whom(given), limit).page(given["page"]?.int ?: 1).toJson { it.toJson() }
        else -> error("no call is named $name")
    }

    private fun booking(given: JsonValue.Object): BookTicketRequest {
        val (service, group) = given["serviceId"].text to given["groupOfServiceId"].text
        val location = given["location"]?.let { Location(it["lat"].double, it["lng"].double) }
        val time = given["time"]?.let { Instant.parse(it.text) }
        return BookTicketRequest(service, group, time, whomIfAny(given), given["options"], location)
    }

    private fun whom(given: JsonValue.Object) = requireNotNull(whomIfAny(given)) { "no customer" }

    private fun whomIfAny(given: JsonValue.Object): CustomerRef? {
        given["customerId"]?.let { return CustomerRef.Id(it.text) }
        return (given["customerExternalId"] ?: given["externalId"])?.let { CustomerRef.ExternalId(it.text) }
    }

    /** Replaces `$name.field` by the saved value. */
    private fun substitute(value: JsonValue): JsonValue = when (value) {
        is JsonValue.Object -> JsonValue.Object(value.fields.mapValues { (_, item) -> substitute(item) })
        is JsonValue.Array -> JsonValue.Array(value.items.map(::substitute))
        is JsonValue.Text -> when {
            value.value.startsWith("$") -> lookUp(value.value)
            // In a path of the control API, the name is between slashes.
            "$" in value.value -> JsonValue.Text(value.value.split('/').joinToString("/") { if (it.startsWith("$")) lookUp(it).text else it })
            else -> value
        }
        else -> value
    }

    private fun lookUp(text: String): JsonValue {
        val path = text.drop(1).split('.')
        // A placeholder such as "$any".
        if (path.size == 1) return JsonValue.Text(text)
        return path.drop(1).fold(saved.getValue(path[0])) { value, step -> (step.toIntOrNull()?.let { value[it] } ?: value[step])!! }
    }
}

private val JsonValue?.int: Int get() = (this as JsonValue.Number).value.intValueExact()

private val JsonValue?.double: Double get() = (this as JsonValue.Number).value.toDouble()

private fun contains(path: String, expected: JsonValue, came: JsonValue) {
    when {
        expected == JsonValue.Text("\$any") -> Unit
        expected is JsonValue.Object && came is JsonValue.Object -> expected.fields.forEach { (name, value) ->
            if (value == JsonValue.Text("\$absent")) {
                assertFalse(name in came.fields, "$path.$name")
            } else {
                assertTrue(name in came.fields, "$path.$name")
                contains("$path.$name", value, came.fields.getValue(name))
            }
        }
        expected is JsonValue.Array && came is JsonValue.Array -> {
            assertEquals(expected.items.size, came.items.size, path)
            expected.items.zip(came.items).forEachIndexed { index, (value, item) -> contains("$path[$index]", value, item) }
        }
        else -> assertEquals(expected, came, path)
    }
}

private fun compareError(expected: JsonValue, error: SkiplinoException) {
    val came = mapOf(
        "kind" to error.kind.name,
        "outcome" to error.outcome.name,
        "operation" to error.operation,
        "text" to error.message,
        "status" to error.status,
        "fields" to error.fields,
        "path" to error.path,
        "reason" to error.reason,
        "retryAfterMs" to error.retryAfter?.toMillis(),
        "timeout" to error.timeout?.name,
        "attempts" to error.attempts,
    )
    (expected as JsonValue.Object).fields.forEach { (name, value) ->
        assertTrue(name in came, name)
        if (name == "text" && value.text.endsWith("…")) {
            assertTrue(error.message.orEmpty().startsWith(value.text.dropLast(1)), "${value.text}\n${error.message}")
        } else {
            assertEquals(value, JsonValue.of(came[name]), name)
        }
    }
    assertEquals(error.kind.name, error.javaClass.simpleName)
}

private val WRITES =
    setOf("tickets.book", "tickets.cancel", "tickets.reschedule", "customers.create", "customers.update", "customers.delete")

private fun compareCancelled(expected: JsonValue, ended: Throwable?) {
    if (ended is CallCancelledException) {
        compareError(expected, ended.cause)
        assertEquals(ended.cause.outcome, ended.outcome)
        assertEquals(ended.cause.message, ended.message)
    } else {
        assertTrue(ended is CancellationException, "$ended")
        assertEquals(listOf("Cancelled", "NotApplied"), listOf(expected["kind"].text, expected["outcome"].text))
    }
}

private val TIME = DateTimeFormatterBuilder().appendInstant(3).toFormatter()

private fun Instant.toJson() = JsonValue.Text(TIME.format(this))

/** An object without its null fields. */
private fun some(vararg fields: Pair<String, Any?>) = JsonValue.obj(*fields.filter { it.second != null }.toTypedArray())

private fun Branch.toJson() = some("id" to id, "name" to name, "branchStatus" to mapOf("isBranchOpen" to isOpen))

private fun Service.toJson() = some("id" to id, "name" to name, "isOpen" to isOpen, "isAppointment" to isAppointment)

private fun BranchTreeGroup.toJson() = some("id" to id, "name" to name, "services" to services.map { it.toJson() })

private fun Slot.toJson() = some("time" to time.toJson(), "remaining" to remaining)

private fun NamedRef.toJson() = some("id" to id, "name" to name)

private fun Ticket.toJson(): JsonValue = JsonValue.Object(
    some(
        "id" to id, "ticketNumber" to ticketNumber, "status" to status.value, "statusAt" to statusAt.toJson(), "type" to type.value,
        "branch" to branch.toJson(), "service" to service.toJson(), "groupOfService" to groupOfService.toJson(),
        "customer" to customer?.let { some("id" to it.id, "name" to it.name) }, "bookedAt" to bookedAt.toJson(),
        "queueSize" to queueSize, "waitingTime" to waitingTime,
    ).fields + ("time" to (time?.toJson() ?: JsonValue.Null)),
)

private fun Customer.toJson() = some(
    "_id" to id, "externalId" to externalId, "companyId" to companyId, "name" to name, "email" to email, "mobile" to mobile,
    "metadata" to metadata, "createdAt" to createdAt.toJson(), "updatedAt" to updatedAt.toJson(),
)

private fun <T> Page<T>.toJson(item: (T) -> JsonValue) = JsonValue.obj(
    "items" to items.map(item),
    "pagination" to some(
        "total" to pagination.total, "totalPages" to pagination.totalPages, "hasNextPage" to pagination.hasNextPage,
        "hasPrevPage" to pagination.hasPrevPage, "page" to pagination.page, "limit" to pagination.limit,
    ),
)
