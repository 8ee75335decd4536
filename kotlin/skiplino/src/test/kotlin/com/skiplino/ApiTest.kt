// The public API of the package.
package com.skiplino

import java.io.File
import org.jetbrains.kotlin.abi.tools.AbiFilters
import org.jetbrains.kotlin.abi.tools.AbiTools
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Test

class ApiTest {
    /** Writes the API to target/kotlin/api.txt, which tools/host_api.py compares with the last release's. */
    @Test
    fun `nothing generated is public`() {
        val built = File(System.getProperty("skiplino.root"), "target/kotlin")
        val dump = StringBuilder()
        val classes = File(built, "skiplino/classes").walk().filter { it.extension == "class" }
        AbiTools.getInstance().printJvmDump(dump, classes.asIterable(), AbiFilters.EMPTY)
        assertFalse(Regex("(class|interface) com/skiplino/internal") in dump)
        File(built, "api.txt").writeText(dump.toString())
    }
}
