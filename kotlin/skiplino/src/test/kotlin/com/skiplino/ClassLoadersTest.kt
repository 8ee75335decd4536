// Several copies of the package in one JVM, as in an application server: loading, working side by
// side, and ending.
package com.skiplino

import com.sun.jna.Platform
import java.io.File
import java.lang.reflect.InvocationTargetException
import java.net.URLClassLoader
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import java.util.concurrent.LinkedBlockingQueue
import java.util.function.Consumer
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/**
 * The work of an application with the package. Only types of the JDK go in and out: see
 * [Application].
 */
class ApplicationCode(private val baseUrl: String, private val key: String) : AutoCloseable {
    private val clients = ArrayList<SkiplinoClient>()

    fun open() {
        clients += SkiplinoClient(key) {
            baseUrl = this@ApplicationCode.baseUrl
            deadline = Duration.ofSeconds(20)
        }
    }

    fun ticket(id: String): CompletableFuture<String> = clients.last().tickets.getAsync(id).thenApply { it.id }

    fun book(): CompletableFuture<String> = clients.last().tickets.bookAsync(BookTicketRequest.walkIn(SERVICE, GROUP)).thenApply { it.id }

    fun watch(id: String): CompletableFuture<String> {
        val first = CompletableFuture<String>()
        clients.last().tickets.watchAsync(id) { first.complete(it.id) }
            .whenComplete { _, error -> error?.let(first::completeExceptionally) }
        return first
    }

    /** Logs to a function that takes each line. */
    fun log(line: Consumer<String>) = Skiplino.setLogger({ _, text -> line.accept(text) }, LogLevel.Debug)

    override fun close() = clients.forEach(SkiplinoClient::close)
}

/** An application with its own copy of the package and of all its dependencies. */
private class Application(private val baseUrl: String, private val key: String) : AutoCloseable {
    private val classPath = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
    private val loader = URLClassLoader(
        classPath.split(File.pathSeparator).map { File(it).toURI().toURL() }.toTypedArray(),
        ClassLoader.getPlatformClassLoader(),
    )
    private val code by lazy {
        loader.loadClass(ApplicationCode::class.java.name).getConstructor(String::class.java, String::class.java).newInstance(baseUrl, key)
    }

    /** Opens a client. The first one loads the native library. */
    fun open() = apply { call("open") }

    @Suppress("UNCHECKED_CAST")
    fun later(method: String, vararg arguments: Any): CompletableFuture<String> = call(method, *arguments) as CompletableFuture<String>

    fun call(method: String, vararg arguments: Any): Any? = try {
        code.javaClass.methods.first { it.name == method }.invoke(code, *arguments)
    } catch (wrapped: InvocationTargetException) {
        throw wrapped.targetException
    }

    /** The live threads that the package started. */
    fun threads(): List<Thread> = Thread.getAllStackTraces().keys.filter { it.name.startsWith("skiplino") && it.contextClassLoader === loader }

    override fun close() {
        call("close")
    }
}

class ClassLoadersTest {
    @BeforeEach
    fun reset() = sandbox.reset()

    /** Sets a system property while JNA is loaded. */
    private fun <T> with(property: String, value: Any, work: () -> T): T {
        val before = System.setProperty(property, value.toString())
        try {
            return work()
        } finally {
            if (before == null) System.clearProperty(property) else System.setProperty(property, before)
        }
    }

    /** Applications that load the native library from one file, so that the process has it once. */
    private fun sharingOneFile(): List<Application> {
        val library = System.mapLibraryName("skiplino_uniffi")
        val folder = System.getProperty("jna.library.path") ?: "$temporary".also {
            // A file that is loaded must not be written.
            val bundled = javaClass.classLoader.getResource("${Platform.RESOURCE_PREFIX}/$library")!!
            if (Files.notExists(temporary.resolve(library))) bundled.openStream().use { Files.copy(it, temporary.resolve(library)) }
        }
        return with("jna.library.path", folder) { List(2) { Application(sandbox.baseUrl, sandbox.publicKey).open() } }
    }

    @Test
    fun `applications that share the native library get their own responses`() {
        val (one, other) = sharingOneFile()
        val tickets = listOf(one, other).associateWith { it.later("book").join() }
        assertNotEquals(tickets[one], tickets[other])
        val chains = tickets.flatMap { (application, ticket) ->
            List(8) {
                (1..25).fold(CompletableFuture.completedFuture("")) { before, _ ->
                    before.thenCompose { application.later("ticket", ticket) }.thenApply { it.also { assertEquals(ticket, it) } }
                }
            }
        }
        CompletableFuture.allOf(*chains.toTypedArray()).join()
        assertEquals(tickets[one], one.later("watch", tickets[one]!!).join())
        // The end of one is not the end of the other.
        one.close()
        assertEquals(tickets[other], other.later("ticket", tickets[other]!!).join())
        other.close()
    }

    @Test
    fun `applications that share the native library have their own logs`() {
        val applications = sharingOneFile()
        val lines = applications.map { application ->
            LinkedBlockingQueue<String>().also { lines -> application.call("log", Consumer<String> { lines += it.substringBefore(':') }) }
        }
        val (one, other) = applications
        one.later("ticket", TICKET).join()
        other.later("book").join()
        assertEquals(listOf("getTicket", "bookTicket"), lines.map { it.take() })
        one.close()
        other.later("ticket", TICKET).join()
        while (lines[1].take() != "getTicket") continue
        other.close()
        assertTrue("bookTicket" !in lines[0], "${lines[0]}")
    }

    @Test
    fun `the last close ends the library's threads, and the next client starts them again`() {
        Application(sandbox.baseUrl, sandbox.publicKey).use { application ->
            repeat(2) {
                val lines = LinkedBlockingQueue<String>()
                application.open().open()
                application.call("log", Consumer(lines::add))
                assertEquals(TICKET, application.later("ticket", TICKET).join())
                lines.take()
                val threads = application.threads()
                assertEquals(setOf("skiplino", "skiplino-callback", "skiplino-log"), threads.map { it.name }.toSet())
                application.close()
                threads.forEach { it.join() }
            }
        }
    }

    @Test
    fun `calls in flight end with Closed when the last client closes`() {
        val application = Application(sandbox.baseUrl, sandbox.publicKey).open()
        val fault = sandbox.fault("*", "hold", "then" to "commit")
        val calls = listOf(application.later("ticket", TICKET), application.later("book"), application.later("watch", TICKET))
        sandbox.held(3)
        application.close()
        val late = application.later("ticket", TICKET)
        for (call in calls + late) {
            val error = assertThrows(ExecutionException::class.java) { call.get() }
            assertEquals("com.skiplino.SkiplinoException\$Closed", error.cause!!.javaClass.name)
        }
        sandbox.releaseAbandoned(fault, requests = 3)
    }

    @Test
    fun `a native library that cannot be loaded is reported with its cause each time`() {
        val file = Files.createFile(temporary.resolve("a file, not a folder"))
        val application = Application(sandbox.baseUrl, sandbox.publicKey)
        val errors = with("jna.tmpdir", file.resolve("folder")) {
            List(3) { assertThrows(UnsatisfiedLinkError::class.java) { application.open() } }
        }
        for (error in errors) {
            assertTrue("$file" in error.message!!, error.message)
            assertEquals(errors[0].cause, error.cause)
        }
    }

    private companion object {
        val sandbox by lazy { Sandbox() }

        @TempDir
        lateinit var temporary: Path

        @JvmStatic
        @AfterAll
        fun close() = sandbox.close()
    }
}
