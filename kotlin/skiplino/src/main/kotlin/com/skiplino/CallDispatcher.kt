// Sends the calls of a client to the native library and waits for their results.
package com.skiplino

import com.skiplino.internal.CallDriver
import com.skiplino.internal.FfiConverterTypeSkiplinoError
import com.skiplino.internal.InternalException
import com.skiplino.internal.NativeCall
import com.skiplino.internal.NativeClient
import com.skiplino.internal.Threads
import java.nio.ByteBuffer
import java.util.concurrent.CompletableFuture
import java.util.concurrent.atomic.AtomicBoolean
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.future.future
import kotlinx.coroutines.launch
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import com.skiplino.internal.SkiplinoException as NativeException

/** The native client of a [SkiplinoClient]. All calls go through it. */
internal class CallDispatcher(apiKey: String, options: ClientOptions) {
    private val native: NativeClient
    private val driver: CallDriver
    private val closed = AtomicBoolean()
    private val futures = CoroutineScope(SupervisorJob() + Threads.dispatcher)

    init {
        NativeLibrary.load()
        native = translateErrors { NativeClient(apiKey, options.toSettings()) }
        driver = try {
            translateErrors { CallDriver.join() }
        } catch (@Suppress("TooGenericExceptionCaught") failure: Throwable) {
            native.destroy()
            throw failure
        }
    }

    private val handle = native.register().toLong()

    val isClosed: Boolean get() = closed.get()

    val keyClass: KeyClass = native.keyClass().toKeyClass()

    fun close() {
        if (!closed.compareAndSet(false, true)) return
        native.shutDown()
        CallDriver.leave()
        native.destroy()
    }

    /** Calls the native client on this thread, for work that needs no network. */
    fun <T> withClient(use: (NativeClient) -> T): T {
        if (isClosed) throw SkiplinoException.closed()
        return try {
            translateErrors { use(native) }
        } catch (state: IllegalStateException) {
            // The client may have been closed after the check above.
            throw if (isClosed) SkiplinoException.closed() else state
        }
    }

    /** A call that changes nothing. Cancelling the coroutine aborts the call and its connection. */
    suspend fun <T> read(call: NativeCall, decode: (ByteBuffer) -> T): T = read(handle, call, decode)

    /**
     * A call that changes something. Cancelling the coroutine cancels the call, which ends at once
     * with an error whose outcome says whether the write may have been applied.
     */
    suspend fun <T> write(call: NativeCall, decode: (ByteBuffer) -> T): T {
        val caller = currentCoroutineContext()
        caller.ensureActive()
        val id = driver.nextId()
        val isCancelled = AtomicBoolean()
        // Runs on the thread that cancels, so that no dispatcher has to be free.
        val watcher = CoroutineScope(caller).launch(Dispatchers.Unconfined, CoroutineStart.UNDISPATCHED) {
            try {
                awaitCancellation()
            } finally {
                isCancelled.set(true)
                driver.cancel(id)
            }
        }
        try {
            val result = withContext(NonCancellable) {
                suspendCancellableCoroutine { continuation ->
                    translateErrors { driver.start(handle, id, call, continuation) }
                    // The cancellation above may have run before the start.
                    if (isCancelled.get()) driver.cancel(id)
                }
            }
            return decodeResult(result, decode)
        } catch (cancelled: SkiplinoException.Cancelled) {
            throw CallCancelledException(cancelled)
        } finally {
            watcher.cancel()
        }
    }

    /**
     * Runs a call as a future, for callers without coroutines. Cancelling the future cancels the
     * call.
     */
    fun <T> future(call: suspend () -> T): CompletableFuture<T> = futures.future { call() }

    /** A call that changes nothing, of the client, pager or watch with the handle [target]. */
    private suspend fun <T> read(target: Long, call: NativeCall, decode: (ByteBuffer) -> T): T {
        currentCoroutineContext().ensureActive()
        val result = suspendCancellableCoroutine { continuation ->
            val id = driver.nextId()
            translateErrors { driver.start(target, id, call, continuation) }
            continuation.invokeOnCancellation { driver.abort(id) }
        }
        return decodeResult(result, decode)
    }

    /** The next item of the pager or watch with the handle [target], or null after the last. */
    suspend fun <T : Any> next(target: Long, call: NativeCall, decode: (ByteBuffer) -> T): T? =
        read(target, call) { if (it.get() == NONE) null else decode(it) }

    private companion object {
        fun <T> decodeResult(result: ByteBuffer, decode: (ByteBuffer) -> T): T =
            if (result.get() == SUCCESS) decode(result) else throw FfiConverterTypeSkiplinoError.read(result).toSkiplinoException()

        const val SUCCESS: Byte = 0
        const val NONE: Byte = 0
    }
}

/** Turns the errors of the generated code into the exceptions of this package. */
internal inline fun <T> translateErrors(use: () -> T): T = try {
    use()
} catch (error: NativeException) {
    throw error.toSkiplinoException()
} catch (_: InternalException) {
    // A panic. Its message is of no use to callers.
    throw SkiplinoException.internal()
}

internal fun NativeException.toSkiplinoException(): SkiplinoException = when (this) {
    is NativeException.Failed -> SkiplinoException.of(failure)
}

/**
 * Loads the native library once. A failure is final, because the JVM does not initialize JNA's
 * classes again; each use reports the first failure, which has the reason.
 */
internal object NativeLibrary {
    private val failure: Throwable? = try {
        com.skiplino.internal.uniffiEnsureInitialized()
        CallDriver.load()
        null
    } catch (failure: ExceptionInInitializerError) {
        failure.cause
    } catch (@Suppress("TooGenericExceptionCaught") failure: Throwable) {
        failure
    }

    /** @throws UnsatisfiedLinkError if the library cannot be loaded */
    fun load() {
        val cause = failure ?: return
        val reason = "the native library cannot be loaded: ${cause.message}"
        throw UnsatisfiedLinkError("$reason ($ADVICE)").apply { initCause(cause) }
    }

    private const val ADVICE = "JNA unpacks it into a temporary folder: the system property jna.tmpdir can name a folder " +
        "whose files may be created and executed; jna.library.path can name one that contains the library"
}
