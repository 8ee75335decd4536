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
 * The way of calls into the library, and of their answers back. It is not the generated one, whose structures and callbacks cost more than
 * all the rest of a call does: see `bindings/uniffi/src/kotlin.rs`.
 */
internal object Calls {
    private val waiting = ConcurrentHashMap<Long, Continuation<ByteBuffer>>()
    private val last = AtomicLong()

    init {
        Native.register(Calls::class.java, "skiplino_uniffi")
        thread(name = "skiplino", isDaemon = true) { drive() }
    }

    /** Makes ready, which the first call would do otherwise. */
    fun load() = Unit

    /** A number for a call. */
    fun number(): Long = last.incrementAndGet()

    /** Begins a call of what has the number [of]. Its answer comes to [caller], now or later. */
    fun begin(of: Long, number: Long, call: NativeCall, caller: Continuation<ByteBuffer>) {
        val buffer = ByteArray(maxOf(FfiConverterTypeNativeCall.allocationSize(call).toInt(), ROOM))
        val written = ByteBuffer.wrap(buffer)
        FfiConverterTypeNativeCall.write(call, written)
        waiting[number] = caller
        val length = skiplino_kotlin_begin(of, number, buffer, buffer.size, written.position())
        if (length == UNDER_WAY) return
        waiting.remove(number)
        if (length < 0) throw InternalException("a call could not begin")
        caller.resume(ByteBuffer.wrap(buffer, 0, length))
    }

    /** Ends a call for which nobody waits any more, and its connection with it. */
    fun drop(number: Long) {
        waiting.remove(number)
        skiplino_kotlin_end(number, 1)
    }

    /** Has a call end by itself, with what is known of its outcome. */
    fun end(number: Long) = skiplino_kotlin_end(number, 0)

    /** What all calls run on: the library's work is done in here, and whoever waits is resumed. */
    private fun drive() {
        while (true) {
            val ended = skiplino_kotlin_wait()
            if (ended == null) {
                // The system has nothing to wait with, as when too many files are open. Calls are refused meanwhile.
                Thread.sleep(PAUSE)
                continue
            }
            val answers = ByteBuffer.wrap(ended.getByteArray(Int.SIZE_BYTES.toLong(), ended.getInt(0)))
            while (answers.hasRemaining()) {
                val caller = waiting.remove(answers.getLong())
                val end = answers.getInt() + answers.position()
                val answer = answers.slice().apply { limit(end - answers.position()) }
                answers.position(end)
                try {
                    caller?.resume(answer)
                } catch (@Suppress("TooGenericExceptionCaught") failure: Throwable) {
                    // A dispatcher that does not do its work. The others must go on.
                    Thread.currentThread().run { uncaughtExceptionHandler.uncaughtException(this, failure) }
                }
            }
        }
    }

    /** Enough for the answer to a call that is refused at once. */
    private const val ROOM = 1024
    private const val UNDER_WAY = -1
    private const val PAUSE = 1000L

    @JvmStatic
    private external fun skiplino_kotlin_begin(of: Long, number: Long, buffer: ByteArray, capacity: Int, length: Int): Int

    @JvmStatic
    private external fun skiplino_kotlin_end(number: Long, drop: Byte)

    @JvmStatic
    private external fun skiplino_kotlin_wait(): Pointer?
}
