package com.skiplino.internal

import com.sun.jna.DefaultTypeMapper
import com.sun.jna.Memory
import com.sun.jna.Platform
import com.sun.jna.Structure

/**
 * What the structures of the generated code are, that live no longer than one call of the library on one thread: they take turns in the
 * memory of their thread.
 *
 * JNA would allocate memory for each, enter it into a map of all there is, and wait for the garbage collector to take it out again: with
 * some structures a call, and a map that puts addresses into few buckets, this took most of a call's time, and ever more of it.
 */
internal abstract class ShortLived : Structure(null, ALIGNMENT, MAPPER) {
    override fun autoAllocate(size: Int): Memory = SLOTS.get().next(size)

    private class Slots {
        private val memory = Memory(COUNT * SIZE)
        private val slots = Array(COUNT) { memory.share(it * SIZE, SIZE) as Memory }
        private var last = 0

        fun next(size: Int): Memory {
            check(size <= SIZE) { "a structure of $size bytes" }
            last = (last + 1) % COUNT
            return slots[last]
        }
    }

    private companion object {
        /** Many times as many as a call has at once, those of a logger's that it calls included. */
        const val COUNT = 128

        /** Enough for a buffer (three words), and for a call's status, which has one in it. */
        const val SIZE = 64L

        /** What JNA would find out for each of them, in maps that threads wait for: the alignment of C, and no types but C's. */
        val ALIGNMENT = if (Platform.isWindows()) ALIGN_MSVC else ALIGN_GNUC
        val MAPPER = DefaultTypeMapper()

        val SLOTS: ThreadLocal<Slots> = ThreadLocal.withInitial { Slots() }
    }
}
