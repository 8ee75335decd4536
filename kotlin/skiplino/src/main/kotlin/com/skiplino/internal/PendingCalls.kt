// Starts calls in the native library and resumes their coroutines when results arrive.
package com.skiplino.internal

import com.sun.jna.Native
import com.sun.jna.Pointer
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong
import kotlin.concurrent.thread
import kotlin.coroutines.Continuation
import kotlin.coroutines.resume

/**
 * The calls in flight, and the thread that runs them. This replaces UniFFI's async functions, whose
 * structures and callbacks cost more than the rest of a call: see
 * `bindings/uniffi/src/kotlin/mod.rs`.
 */
internal object PendingCalls {
    private val continuations = ConcurrentHashMap<Long, Continuation<ByteBuffer>>()
    private val lastId = AtomicLong()

    init {
        Native.register(PendingCalls::class.java, "skiplino_uniffi")
        thread(name = "skiplino", isDaemon = true) { drive() }
    }

    /** Initializes this object early, so that the first call does not have to. */
    fun load() = Unit

    /** An id for a new call. */
    fun nextId(): Long = lastId.incrementAndGet()

    /**
     * Starts a call of the object with this [handle]. [continuation] resumes with the result, now
     * or later.
     */
    fun start(handle: Long, id: Long, call: NativeCall, continuation: Continuation<ByteBuffer>) {
        val buffer = ByteArray(maxOf(FfiConverterTypeNativeCall.allocationSize(call).toInt(), MIN_CAPACITY))
        val encoded = ByteBuffer.wrap(buffer)
        FfiConverterTypeNativeCall.write(call, encoded)
        continuations[id] = continuation
        val length = skiplino_kotlin_start_call(handle, id, buffer, buffer.size, encoded.position())
        if (length == IN_FLIGHT) return
        continuations.remove(id)
        if (length < 0) throw InternalException("a call could not start")
        continuation.resume(ByteBuffer.wrap(buffer, 0, length))
    }

    /** Aborts a call and its connection. Its continuation is not resumed. */
    fun abort(id: Long) {
        continuations.remove(id)
        skiplino_kotlin_abort_call(id)
    }

    /**
     * Cancels a call. Its continuation resumes with an error that says whether a write may have
     * been applied.
     */
    fun cancel(id: Long) = skiplino_kotlin_cancel_call(id)

    /**
     * The loop of the thread on which the library runs all calls. It resumes the continuations of
     * finished calls.
     */
    private fun drive() {
        while (true) {
            val finished = skiplino_kotlin_drive()
            if (finished == null) {
                // The system cannot create a runtime, for example because too many files are open.
                // Calls fail meanwhile.
                Thread.sleep(RETRY_MILLIS)
                continue
            }
            val results = ByteBuffer.wrap(finished.getByteArray(Int.SIZE_BYTES.toLong(), finished.getInt(0)))
            while (results.hasRemaining()) {
                val continuation = continuations.remove(results.getLong())
                val end = results.getInt() + results.position()
                val result = results.slice().apply { limit(end - results.position()) }
                results.position(end)
                try {
                    continuation?.resume(result)
                } catch (@Suppress("TooGenericExceptionCaught") failure: Throwable) {
                    // The coroutine's dispatcher threw. The other calls must continue.
                    Thread.currentThread().run { uncaughtExceptionHandler.uncaughtException(this, failure) }
                }
            }
        }
    }

    /** Enough for the result of a call that is rejected at once. */
    private const val MIN_CAPACITY = 1024
    private const val IN_FLIGHT = -1
    private const val RETRY_MILLIS = 1000L

    @JvmStatic
    private external fun skiplino_kotlin_start_call(handle: Long, id: Long, buffer: ByteArray, capacity: Int, length: Int): Int

    @JvmStatic
    private external fun skiplino_kotlin_cancel_call(id: Long)

    @JvmStatic
    private external fun skiplino_kotlin_abort_call(id: Long)

    @JvmStatic
    private external fun skiplino_kotlin_drive(): Pointer?
}
