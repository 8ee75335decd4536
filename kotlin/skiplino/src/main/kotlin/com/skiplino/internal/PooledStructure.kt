// A faster base class for the JNA structures of the generated code (scripts/kotlin-native inserts
// it).
package com.skiplino.internal

import com.sun.jna.DefaultTypeMapper
import com.sun.jna.Memory
import com.sun.jna.Platform
import com.sun.jna.Structure

/**
 * A structure that lives only during one call of the library on one thread. Such structures reuse
 * the memory of their thread in turns.
 *
 * JNA would allocate memory for each structure, register it in a global map, and let the garbage
 * collector remove it: with several structures a call, and a map that hashes addresses into few
 * buckets, this took most of a call's time, and grew over time.
 */
internal abstract class PooledStructure : Structure(null, ALIGNMENT, MAPPER) {
    override fun autoAllocate(size: Int): Memory = SLOTS.get().next(size)

    private class Slots {
        private val memory = Memory(COUNT * SIZE)
        private val slots = Array(COUNT) { memory.share(it * SIZE, SIZE) as Memory }
        private var last = 0

        fun next(size: Int): Memory {
            check(size <= SIZE) { "a structure of $size bytes does not fit into a slot of $SIZE" }
            last = (last + 1) % COUNT
            return slots[last]
        }
    }

    private companion object {
        /** Many times the structures that one call uses at once. */
        const val COUNT = 128

        /** Enough for a buffer (three words), and for a call's status, which contains a buffer. */
        const val SIZE = 64L

        /**
         * Set here so that JNA does not look them up for each structure in maps with locks: the
         * alignment and types of C.
         */
        val ALIGNMENT = if (Platform.isWindows()) ALIGN_MSVC else ALIGN_GNUC
        val MAPPER = DefaultTypeMapper()

        val SLOTS: ThreadLocal<Slots> = ThreadLocal.withInitial { Slots() }
    }
}
