package com.skiplino

import com.skiplino.internal.CancelHandle
import com.skiplino.internal.InternalException
import com.skiplino.internal.NativeClient
import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native
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
import kotlinx.coroutines.withContext
import com.skiplino.internal.SkiplinoException as NativeException
import kotlin.coroutines.cancellation.CancellationException

/** The boundary to the library: what every call goes through, whatever it asks for. */
internal class Core(apiKey: String, options: ClientOptions) {
    private val native: NativeClient
    private val futures = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    init {
        Library.load()
        native = translated { NativeClient(apiKey, options.toSettings()) }
    }

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
    fun <T> ask(question: (NativeClient) -> T): T = open { question(native) }

    /** A call that changes nothing: when its coroutine is cancelled it is dropped, and its connection with it. */
    suspend fun <T> read(call: suspend (NativeClient) -> T): T = open { call(native) }

    /** A call that changes something: when its coroutine is cancelled, it is waited for what is known of the outcome, at once. */
    suspend fun <T> write(call: suspend (NativeClient, CancelHandle) -> T): T {
        val caller = currentCoroutineContext()
        caller.ensureActive()
        if (isClosed) throw SkiplinoException.closed()
        val handle = CancelHandle()
        val ended = AtomicBoolean()
        // Runs on the thread that cancels: no dispatcher has to be free for it.
        val watcher = CoroutineScope(caller).launch(Dispatchers.Unconfined) {
            try {
                awaitCancellation()
            } finally {
                if (!ended.get()) handle.cancelIfOpen()
            }
        }
        try {
            return withContext(NonCancellable) { open { call(native, handle) } }
        } catch (cancelled: SkiplinoException.Cancelled) {
            throw CallCancelledException(cancelled)
        } finally {
            ended.set(true)
            watcher.cancel()
            handle.close()
        }
    }

    /** The same as a future, for callers without coroutines. Cancelling the future cancels the call. */
    fun <T> future(call: suspend () -> T): CompletableFuture<T> = futures.future { call() }

    private inline fun <T> open(use: () -> T): T {
        if (isClosed) throw SkiplinoException.closed()
        return try {
            translated(use)
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (state: IllegalStateException) {
            // Closed between the look above and its use.
            throw if (isClosed) SkiplinoException.closed() else state
        }
    }
}

private fun CancelHandle.cancelIfOpen() {
    try {
        cancel()
    } catch (_: IllegalStateException) {
        // The call has ended meanwhile.
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
        // The library's threads come back with every answer, and stay: to attach them to the JVM each time would cost as much as the
        // rest of a call's way.
        Native.setCallbackThreadInitializer(
            com.skiplino.internal.uniffiRustFutureContinuationCallbackImpl,
            CallbackThreadInitializer(true, false, "skiplino"),
        )
    }

    fun load() = Unit
}
