package com.skiplino

import com.skiplino.internal.Calls
import com.skiplino.internal.FfiConverterTypeSkiplinoError
import com.skiplino.internal.InternalException
import com.skiplino.internal.NativeCall
import com.skiplino.internal.NativeClient
import java.nio.ByteBuffer
import java.util.concurrent.CompletableFuture
import java.util.concurrent.atomic.AtomicBoolean
import kotlinx.coroutines.CoroutineScope
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

/** The boundary to the library: what every call goes through, whatever it asks for. */
internal class Core(apiKey: String, options: ClientOptions) {
    private val native: NativeClient
    private val futures = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    init {
        Library.load()
        native = translated { NativeClient(apiKey, options.toSettings()) }
    }

    private val number = native.number().toLong()

    val isClosed: Boolean get() = native.uniffiIsDestroyed

    val keyClass: KeyClass = native.keyClass().toKeyClass()

    fun close() {
        if (isClosed) return
        try {
            native.shutDown()
        } catch (_: IllegalStateException) {
            // Another thread was quicker.
        }
        native.destroy()
    }

    /** Asks the library for something that needs no waiting. */
    fun <T> ask(question: (NativeClient) -> T): T {
        if (isClosed) throw SkiplinoException.closed()
        return try {
            translated { question(native) }
        } catch (state: IllegalStateException) {
            // Closed between the look above and its use.
            throw if (isClosed) SkiplinoException.closed() else state
        }
    }

    /** A call that changes nothing: when its coroutine is cancelled it is dropped, and its connection with it. */
    suspend fun <T> read(call: NativeCall, answer: (ByteBuffer) -> T): T = read(number, call, answer)

    /** A call that changes something: when its coroutine is cancelled, it is waited for what is known of the outcome, at once. */
    suspend fun <T> write(call: NativeCall, answer: (ByteBuffer) -> T): T {
        val caller = currentCoroutineContext()
        caller.ensureActive()
        val each = Calls.number()
        val cancelled = AtomicBoolean()
        // Runs on the thread that cancels: no dispatcher has to be free for it.
        val watcher = CoroutineScope(caller).launch(Dispatchers.Unconfined) {
            try {
                awaitCancellation()
            } finally {
                cancelled.set(true)
                Calls.end(each)
            }
        }
        try {
            val answered = withContext(NonCancellable) {
                suspendCancellableCoroutine { waiting ->
                    translated { Calls.begin(number, each, call, waiting) }
                    // It may not have begun yet when it was to end.
                    if (cancelled.get()) Calls.end(each)
                }
            }
            return read(answered, answer)
        } catch (cancelled: SkiplinoException.Cancelled) {
            throw CallCancelledException(cancelled)
        } finally {
            watcher.cancel()
        }
    }

    /** The same as a future, for callers without coroutines. Cancelling the future cancels the call. */
    fun <T> future(call: suspend () -> T): CompletableFuture<T> = futures.future { call() }

    companion object {
        /** The same of what has the number [of]: a client, a walk or a watch. */
        suspend fun <T> read(of: Long, call: NativeCall, answer: (ByteBuffer) -> T): T {
            currentCoroutineContext().ensureActive()
            val answered = suspendCancellableCoroutine { waiting ->
                val each = Calls.number()
                translated { Calls.begin(of, each, call, waiting) }
                waiting.invokeOnCancellation { Calls.drop(each) }
            }
            return read(answered, answer)
        }

        /** The next of a walk or a watch, or null after the last. */
        suspend fun <T : Any> next(of: Long, call: NativeCall, answer: (ByteBuffer) -> T): T? =
            read(of, call) { if (it.get() == NONE) null else answer(it) }

        private fun <T> read(answered: ByteBuffer, answer: (ByteBuffer) -> T): T =
            if (answered.get() == DONE) answer(answered) else throw FfiConverterTypeSkiplinoError.read(answered).toSkiplinoException()

        private const val DONE: Byte = 0
        private const val NONE: Byte = 0
    }
}

/** Turns the errors of the generated code into those of this package. */
internal inline fun <T> translated(use: () -> T): T = try {
    use()
} catch (error: NativeException) {
    throw error.toSkiplinoException()
} catch (_: InternalException) {
    // A panic. What it says is for us alone.
    throw SkiplinoException.bug()
}

internal fun NativeException.toSkiplinoException(): SkiplinoException = when (this) {
    is NativeException.Failed -> SkiplinoException.of(failure)
}

/** The library of this process. */
internal object Library {
    init {
        com.skiplino.internal.uniffiEnsureInitialized()
        Calls.load()
    }

    fun load() = Unit
}
