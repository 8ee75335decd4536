// Starts sandbox servers for the tests.
package com.skiplino

import java.io.File
import java.net.ServerSocket
import java.net.InetAddress
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.util.concurrent.TimeUnit
import org.junit.jupiter.api.Assertions.assertEquals

/** The root of the checkout. */
val ROOT = File(requireNotNull(System.getProperty("skiplino.root")) { "run by Maven" })

/** A sandbox server in its own process, which ends with the test process. */
class Sandbox : AutoCloseable {
    private val process = ProcessBuilder(
        System.getProperty("skiplino.command") ?: File(ROOT, "target/debug/skiplino").path, "sandbox", "--json", "--until-stdin-ends", "--seed", "1",
    ).redirectError(ProcessBuilder.Redirect.DISCARD).start()
    private val ready = JsonValue.parse(process.inputReader().readLine())
    private val http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()

    val baseUrl = ready["baseUrl"].text
    val controlUrl = ready["controlUrl"].text
    val secretKey = ready["secretKey"].text
    val publicKey = ready["publicKey"].text

    fun client(key: String = secretKey, configure: ClientOptions.() -> Unit = {}) = SkiplinoClient(key) {
        baseUrl = this@Sandbox.baseUrl
        configure()
    }

    /** `POST /faults`, with the JSON that scenarios use. */
    fun control(what: String, body: JsonValue? = null): JsonValue {
        val (method, path) = what.split(' ', limit = 2)
        val publisher = body?.let { HttpRequest.BodyPublishers.ofString(it.toString()) } ?: HttpRequest.BodyPublishers.noBody()
        val request = HttpRequest.newBuilder(URI(controlUrl + path)).method(method, publisher)
            .header("Content-Type", "application/json").build()
        val response = http.send(request, BodyHandlers.ofString())
        check(response.statusCode() in 200..299) { "$what: ${response.statusCode()} ${response.body()}" }
        return if (response.body().isEmpty()) JsonValue.Null else JsonValue.parse(response.body())
    }

    /** Resets the state and stops the clock. */
    fun reset() {
        control("POST /reset", JsonValue.obj("seed" to 1, "now" to "2026-06-23T11:10:00.000Z", "freeze" to true))
    }

    /** Adds a fault and returns its id. */
    fun fault(operation: String, kind: String, vararg more: Pair<String, Any?>): String =
        control("POST /faults", JsonValue.obj("operation" to operation, "kind" to kind, *more))["id"].toString().trim('"')

    /** Holds the requests of an operation until [release]. */
    fun hold(operation: String): String = fault(operation, "hold", "then" to "commit")

    /** Waits until this number of requests is held. */
    fun held(atLeast: Int = 1) {
        control("GET /held?atLeast=$atLeast")
    }

    fun release(fault: String) {
        control("POST /faults/$fault/release")
    }

    /**
     * Waits until the client has closed the connections of its held requests, and releases the
     * requests.
     */
    fun releaseAbandoned(fault: String, requests: Int = 1) {
        assertEquals(JsonValue.obj("connections" to 0, "requests" to requests), control("GET /idle?requests=$requests"))
        release(fault)
        assertEquals(JsonValue.obj("connections" to 0, "requests" to 0), control("GET /idle"))
    }

    fun received(operation: String): Int = count(operation, "received")

    fun committed(operation: String): Int = count(operation, "committed")

    private fun count(operation: String, what: String) =
        control("GET /requests/counts")[operation]?.get(what)?.toString()?.toInt() ?: 0

    override fun close() {
        process.outputStream.close()
        if (!process.waitFor(10, TimeUnit.SECONDS)) process.destroyForcibly()
    }
}

val JsonValue?.text: String get() = (this as JsonValue.Text).value

/** The address of a port that was free just now. */
fun nobody(): String = ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { "http://127.0.0.1:${it.localPort}/external/v1" }

const val LAYLA = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"
const val TICKET = "k7m2p9x4q1"
const val SERVICE = "6fe8fb8b12"
const val GROUP = "7c1f9a3b2d"
