// Starts calls in the native library and resumes their coroutines when results arrive.
package com.skiplino.internal

import com.sun.jna.Native
import com.sun.jna.Pointer
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong
import kotlin.coroutines.Continuation
import kotlin.coroutines.resume

/**
 * The calls in flight, and the thread that runs them. This replaces UniFFI's async functions, whose
 * structures and callbacks cost more than the rest of a call: see
 * `bindings/uniffi/src/kotlin/mod.rs`.
 *
 * All open clients share one driver, whose thread ends with the last of them: an application server
 * can unload the classes then.
 */
internal class CallDriver private constructor(private val handle: Long) {
    private val continuations = ConcurrentHashMap<Long, Continuation<ByteBuffer>>()
    private val lastId = AtomicLong()

    @Volatile private var isClosed = false

    /** An id for a new call. */
    fun nextId(): Long = lastId.incrementAndGet()

    /**
     * Starts a call of the [target], which is the handle of an object. [continuation] resumes with
     * the result, now or later.
     */
    fun start(target: Long, id: Long, call: NativeCall, continuation: Continuation<ByteBuffer>) {
        val buffer = ByteArray(maxOf(FfiConverterTypeNativeCall.allocationSize(call).toInt(), MIN_CAPACITY))
        val encoded = ByteBuffer.wrap(buffer)
        FfiConverterTypeNativeCall.write(call, encoded)
        continuations[id] = continuation
        val length = skiplino_kotlin_start_call(handle, target, id, buffer, buffer.size, encoded.position())
        if (length == IN_FLIGHT) return
        continuations.remove(id)
        if (length < 0) throw InternalException("a call could not start")
        continuation.resume(ByteBuffer.wrap(buffer, 0, length))
    }

    /** Aborts a call and its connection. Its continuation is not resumed. */
    fun abort(id: Long) {
        continuations.remove(id)
        skiplino_kotlin_abort_call(handle, id)
    }

    /**
     * Cancels a call. Its continuation resumes with an error that says whether a write may have
     * been applied.
     */
    fun cancel(id: Long) = skiplino_kotlin_cancel_call(handle, id)

    /** The loop of the thread on which the library runs all calls. */
    private fun drive() {
        while (true) {
            val finished = skiplino_kotlin_drive(handle)
            if (finished == null) {
                if (isClosed) break
                // A bug in the library. The next turn may get further.
                Thread.sleep(RETRY_MILLIS)
                continue
            }
            val results = ByteBuffer.wrap(finished.getByteArray(Int.SIZE_BYTES.toLong(), finished.getInt(0)))
            while (results.hasRemaining()) {
                val id = results.getLong()
                val end = results.getInt() + results.position()
                val result = results.slice().apply { limit(end - results.position()) }
                results.position(end)
                when (id) {
                    LOG_LINE -> Threads.log(result)
                    else -> continuations.remove(id)?.let { Threads.resume(it, result) }
                }
            }
        }
        skiplino_kotlin_free_driver(handle)
    }

    private fun close() {
        isClosed = true
        skiplino_kotlin_close_driver(handle)
    }

    companion object {
        /** Enough for the result of a call that is rejected at once. */
        private const val MIN_CAPACITY = 1024
        private const val IN_FLIGHT = -1
        private const val NO_DRIVER = 0L
        private const val LOG_LINE = 0L
        private const val RETRY_MILLIS = 1000L

        private var clients = 0
        private var current: CallDriver? = null
        private var logLevel = 0

        init {
            Native.register(CallDriver::class.java, "skiplino_uniffi")
        }

        /** Initializes this class early, so that the first client does not have to. */
        fun load() = Unit

        /** The driver, for a client that [leave]s it when it is closed. */
        @Synchronized
        fun join(): CallDriver {
            val driver = current ?: start()
            current = driver
            clients++
            return driver
        }

        /** Ends the driver after its last client. */
        @Synchronized
        fun leave() {
            if (--clients > 0) return
            current?.close()
            current = null
            Threads.endIdle()
        }

        /** The log lines that all drivers return: see `skiplino_kotlin_set_log_level`. */
        @Synchronized
        fun setLogLevel(level: Int) {
            logLevel = level
            current?.let { skiplino_kotlin_set_log_level(it.handle, level) }
        }

        private fun start(): CallDriver {
            val handle = skiplino_kotlin_create_driver()
            if (handle == NO_DRIVER) throw InternalException("the system cannot create a runtime")
            val driver = CallDriver(handle)
            skiplino_kotlin_set_log_level(handle, logLevel)
            try {
                Threads.start("skiplino", driver::drive)
            } catch (@Suppress("TooGenericExceptionCaught") failure: Throwable) {
                skiplino_kotlin_free_driver(handle)
                throw failure
            }
            Threads.keepIdle()
            return driver
        }

        @JvmStatic
        private external fun skiplino_kotlin_create_driver(): Long

        @JvmStatic
        private external fun skiplino_kotlin_start_call(
            driver: Long,
            target: Long,
            id: Long,
            buffer: ByteArray,
            capacity: Int,
            length: Int,
        ): Int

        @JvmStatic
        private external fun skiplino_kotlin_cancel_call(driver: Long, id: Long)

        @JvmStatic
        private external fun skiplino_kotlin_abort_call(driver: Long, id: Long)

        @JvmStatic
        private external fun skiplino_kotlin_drive(driver: Long): Pointer?

        @JvmStatic
        private external fun skiplino_kotlin_close_driver(driver: Long)

        @JvmStatic
        private external fun skiplino_kotlin_free_driver(driver: Long)

        @JvmStatic
        private external fun skiplino_kotlin_set_log_level(driver: Long, level: Int)
    }
}
