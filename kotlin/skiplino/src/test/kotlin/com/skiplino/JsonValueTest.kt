// JSON values.
package com.skiplino

import java.math.BigDecimal
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class JsonValueTest {
    @Test
    fun `a parsed text is written unchanged`() {
        for (text in listOf(
            "null", "true", "false", "0", "-1", "1.50", "9007199254740993", "\"\"", "\"ä \uffff 😀 \\\" \\\\\"", "[]", "[1,[2],{}]",
            "{}", """{"a":{"b":[null,"c"]},"d":1}""",
        )) {
            assertEquals(text, JsonValue.parse(text).toString())
        }
    }

    @Test
    fun `escapes and white space are parsed`() {
        assertEquals(JsonValue.Text("\"\\/\b\u000c\n\r\té😀"), JsonValue.parse("""  "\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00" """))
        assertEquals(JsonValue.obj("a" to listOf(1, 2)), JsonValue.parse("\t{ \"a\" :\n[ 1 , 2 ] } \r"))
        assertEquals("\"\\u0000\\u001f\"", JsonValue.Text("\u0000\u001f").toString())
        assertEquals(JsonValue.Number(BigDecimal("1E+400")), JsonValue.parse("1e400"))
    }

    @Test
    fun `invalid JSON is rejected without being quoted`() {
        for (text in listOf(
            "", " ", "nul", "truer", "01", "1.", ".5", "+1", "1e", "- 1", "\"secret", "\"\\x\"", "\"\\u12\"", "\"\n\"", "[1,]", "[1 2]", "[",
            "{", "{\"a\"}", "{\"a\":1,}", "{a:1}", "1 2", "NaN", "[".repeat(100_000), "'secret'", "\uffff",
        )) {
            val error = assertThrows(IllegalArgumentException::class.java, { JsonValue.parse(text) }, text.take(20))
            assertTrue("secret" !in error.message!!, error.message)
        }
    }

    @Test
    fun `Kotlin values are converted`() {
        val value = JsonValue.of(mapOf("a" to 1, "b" to listOf(1.5, true, null), "c" to BigDecimal("10"), "d" to 7L, "e" to 1.5f))
        assertEquals("""{"a":1,"b":[1.5,true,null],"c":10,"d":7,"e":1.5}""", value.toString())
        assertEquals(JsonValue.Number(1), value["a"])
        assertEquals(JsonValue.Bool(true), value["b"]?.get(1))
        assertEquals(null, value["b"]?.get(9))
        assertEquals(null, value["none"])
        assertThrows(IllegalArgumentException::class.java) { JsonValue.of(Any()) }
        assertThrows(IllegalArgumentException::class.java) { JsonValue.of(Double.NaN) }
    }

    @Test
    fun `numbers are equal by value`() {
        assertEquals(JsonValue.Number(BigDecimal("1.0")), JsonValue.Number(1))
        assertEquals(JsonValue.Number(BigDecimal("1.0")).hashCode(), JsonValue.Number(1).hashCode())
        assertNotEquals(JsonValue.Number(BigDecimal("9007199254740993")), JsonValue.Number(9007199254740992))
    }
}
