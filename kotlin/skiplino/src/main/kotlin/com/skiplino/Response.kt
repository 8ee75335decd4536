package com.skiplino

import com.skiplino.internal.ResponseInfo as NativeResponseInfo

/** The data of a call, and what came with it. See [SkiplinoClient.withResponse]. */
public data class Response<out T>(
    /** The call's data. */
    public val data: T,
    /** What came with it. */
    public val info: ResponseInfo,
)

/** What came with the data of an answer. */
public class ResponseInfo internal constructor(private val native: NativeResponseInfo) {
    /** The HTTP status. */
    public val status: Int get() = native.status.toInt()

    /** The envelope's `message`, as in `Ticket booked successfully.` */
    public val message: String? get() = native.message

    /** How many attempts it took. */
    public val attempts: Int get() = native.attempts.toInt()

    /**
     * Whether a write's own answer was lost and its effect was found by looking. Message, status and headers are then those of the
     * read that found it.
     */
    public val recovered: Boolean get() = native.recovered

    /** The headers of the answer that are text, their names in lower case. */
    public val headers: List<Pair<String, String>> by lazy(LazyThreadSafetyMode.PUBLICATION) {
        native.headers.lineSequence().filter { it.isNotEmpty() }
            .map { line -> line.substringBefore(": ") to line.substringAfter(": ") }
            .toList()
    }

    /** A header of the answer, if it is there. The name's case does not matter. */
    public fun header(name: String): String? = headers.firstOrNull { (each, _) -> each.equals(name, ignoreCase = true) }?.second

    override fun toString(): String = "ResponseInfo(status=$status, message=$message, attempts=$attempts, recovered=$recovered)"
}

/** Tells whoever wants to know. */
internal fun CallOptions.tell(info: NativeResponseInfo) {
    onResponse?.accept(ResponseInfo(info))
}
