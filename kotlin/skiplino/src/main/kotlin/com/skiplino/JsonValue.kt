// JSON values, with a reader and a writer.
package com.skiplino

import com.skiplino.internal.FailureKind
import java.math.BigDecimal

/** A JSON value, as in `metadata` and `options`. [toString] gives its JSON text. */
public sealed class JsonValue {
    /** `null`. */
    public object Null : JsonValue()

    /** `true` or `false`. */
    public data class Bool(
        /** The value. */
        public val value: Boolean,
    ) : JsonValue() {
        override fun toString(): String = super.toString()
    }

    /** A number of any precision. `1.0` equals `1`. */
    public class Number(
        /** The number. */
        public val value: BigDecimal,
    ) : JsonValue() {
        /** A whole number. */
        public constructor(value: Long) : this(BigDecimal.valueOf(value))

        /** A number with a fraction. Throws for infinity and NaN, which JSON does not have. */
        public constructor(value: Double) : this(BigDecimal.valueOf(value))

        override fun equals(other: Any?): Boolean = other is Number && value.compareTo(other.value) == 0

        override fun hashCode(): Int = value.toDouble().hashCode()
    }

    /** A string. */
    public data class Text(
        /** The string. */
        public val value: String,
    ) : JsonValue() {
        override fun toString(): String = super.toString()
    }

    /** An array. */
    public data class Array(
        /** The values. */
        public val items: List<JsonValue>,
    ) : JsonValue() {
        override fun toString(): String = super.toString()
    }

    /** An object. */
    public data class Object(
        /** The values, in the order of the JSON text. */
        public val fields: Map<String, JsonValue>,
    ) : JsonValue() {
        override fun toString(): String = super.toString()
    }

    /** The value of a field, or null if this is not an object or has no such field. */
    public operator fun get(name: String): JsonValue? = (this as? Object)?.fields?.get(name)

    /** The value at an index, or null if this is not an array or is shorter. */
    public operator fun get(index: Int): JsonValue? = (this as? Array)?.items?.getOrNull(index)

    /** The value as JSON text, without white space. */
    override fun toString(): String = StringBuilder().also { write(this, it) }.toString()

    /** Creates values. */
    public companion object {
        /** Parses a JSON text. */
        @JvmStatic
        @Throws(IllegalArgumentException::class)
        public fun parse(text: String): JsonValue = JsonReader(text).document()

        /**
         * Converts a Kotlin or Java value: null, booleans, numbers, strings, iterables, maps with
         * string keys, and values of this class.
         */
        @JvmStatic
        @Throws(IllegalArgumentException::class)
        public fun of(value: Any?): JsonValue = when (value) {
            null -> Null
            is JsonValue -> value
            is Boolean -> Bool(value)
            is BigDecimal -> Number(value)
            is Double -> Number(value)
            is kotlin.Number -> Number(BigDecimal(value.toString()))
            is CharSequence -> Text(value.toString())
            is Map<*, *> -> Object(value.entries.associate { (name, item) -> name.toString() to of(item) })
            is Iterable<*> -> Array(value.map(::of))
            else -> throw IllegalArgumentException("${value.javaClass.name} cannot be converted to JSON")
        }

        /** An object: `JsonValue.obj("tier" to "gold", "visits" to 3)`. */
        public fun obj(vararg fields: Pair<String, Any?>): Object = Object(fields.associate { (name, value) -> name to of(value) })

        /** Parses a text that the library accepted as JSON. */
        internal fun ofServer(text: String): JsonValue = try {
            parse(text)
        } catch (_: IllegalArgumentException) {
            throw SkiplinoException.of(FailureKind.DECODE, "the response could not be read: at metadata", path = "metadata")
        }

        private fun write(value: JsonValue, out: StringBuilder) {
            when (value) {
                Null -> out.append("null")
                is Bool -> out.append(value.value)
                is Number -> out.append(value.value)
                is Text -> write(value.value, out)
                is Array -> {
                    out.append('[')
                    value.items.forEachIndexed { index, item ->
                        if (index > 0) out.append(',')
                        write(item, out)
                    }
                    out.append(']')
                }
                is Object -> {
                    out.append('{')
                    value.fields.entries.forEachIndexed { index, (name, item) ->
                        if (index > 0) out.append(',')
                        write(name, out)
                        out.append(':')
                        write(item, out)
                    }
                    out.append('}')
                }
            }
        }

        private fun write(text: String, out: StringBuilder) {
            out.append('"')
            for (char in text) {
                when {
                    char == '"' || char == '\\' -> out.append('\\').append(char)
                    char < ' ' -> out.append("\\u").append(char.code.toString(radix = 16).padStart(4, '0'))
                    else -> out.append(char)
                }
            }
            out.append('"')
        }
    }
}

/** Reads JSON (RFC 8259). */
private class JsonReader(private val text: String) {
    private var at = 0

    fun document(): JsonValue {
        val value = value(0)
        space()
        if (at < text.length) fail("unexpected text after the value")
        return value
    }

    private fun value(depth: Int): JsonValue {
        if (depth > MAX_DEPTH) fail("nested too deeply")
        space()
        return when (peek()) {
            '{' -> JsonValue.Object(fields(depth))
            '[' -> JsonValue.Array(items(depth))
            '"' -> JsonValue.Text(string())
            't' -> word("true", JsonValue.Bool(true))
            'f' -> word("false", JsonValue.Bool(false))
            'n' -> word("null", JsonValue.Null)
            else -> number()
        }
    }

    private fun fields(depth: Int): Map<String, JsonValue> {
        val fields = LinkedHashMap<String, JsonValue>()
        at++
        space()
        if (peek() == '}') return fields.also { at++ }
        while (true) {
            space()
            if (peek() != '"') fail("expected a name")
            val name = string()
            space()
            if (next() != ':') fail("expected a colon")
            fields[name] = value(depth + 1)
            space()
            when (next()) {
                ',' -> Unit
                '}' -> return fields
                else -> fail("expected a comma or the end")
            }
        }
    }

    private fun items(depth: Int): List<JsonValue> {
        val items = ArrayList<JsonValue>()
        at++
        space()
        if (peek() == ']') return items.also { at++ }
        while (true) {
            items += value(depth + 1)
            space()
            when (next()) {
                ',' -> Unit
                ']' -> return items
                else -> fail("expected a comma or the end")
            }
        }
    }

    private fun string(): String {
        val out = StringBuilder()
        at++
        while (true) {
            if (at >= text.length) fail("unterminated string")
            when (val char = next()) {
                '"' -> return out.toString()
                '\\' -> out.append(escaped())
                in '\u0000'..'\u001f' -> fail("unescaped control character in a string")
                else -> out.append(char)
            }
        }
    }

    private fun escaped(): Char = when (val char = next()) {
        '"', '\\', '/' -> char
        'b' -> '\b'
        'f' -> '\u000c'
        'n' -> '\n'
        'r' -> '\r'
        't' -> '\t'
        'u' -> {
            val digits = text.substring(at, minOf(at + 4, text.length))
            if (digits.length < 4 || digits.any { it.digitToIntOrNull(radix = 16) == null }) fail("invalid Unicode escape")
            at += 4
            digits.toInt(radix = 16).toChar()
        }
        else -> fail("invalid escape")
    }

    private fun number(): JsonValue {
        val found = NUMBER.find(text, at)
        if (found == null || found.range.first != at) fail("expected a value")
        at = found.range.last + 1
        val number = try {
            BigDecimal(found.value)
        } catch (_: NumberFormatException) {
            fail("number out of range")
        }
        return JsonValue.Number(number)
    }

    private fun word(word: String, value: JsonValue): JsonValue {
        if (!text.startsWith(word, at)) fail("expected a value")
        at += word.length
        return value
    }

    private fun space() {
        while (at < text.length && text[at] in " \t\r\n") at++
    }

    private fun peek(): Char = if (at < text.length) text[at] else END

    private fun next(): Char = peek().also { at++ }

    /** The message does not quote the text, which may be a customer's data. */
    private fun fail(why: String): Nothing = throw IllegalArgumentException("invalid JSON at character $at: $why")

    private companion object {
        /** Far above real data, and far below the limit of the stack. */
        const val MAX_DEPTH = 500

        /** A character that starts no JSON value. */
        const val END = '\uffff'

        val NUMBER = Regex("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")
    }
}
