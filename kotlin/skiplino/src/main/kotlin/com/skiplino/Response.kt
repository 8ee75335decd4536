// Responses with their metadata.
package com.skiplino

import com.skiplino.internal.ResponseInfo as NativeResponseInfo

/** The data of a call, with the metadata of its response. See [SkiplinoClient.withResponse]. */
public data class Response<out T>(
    /** The data. */
    public val data: T,
    /** The metadata of the response. */
    public val info: ResponseInfo,
)

/** The metadata of a response. */
public class ResponseInfo internal constructor(private val native: NativeResponseInfo) {
    /** The HTTP status. */
    public val status: Int get() = native.status.toInt()

    /** The envelope's `message`, such as `Ticket booked successfully.` */
    public val message: String? get() = native.message

    /** The number of attempts. */
    public val attempts: Int get() = native.attempts.toInt()

    /**
     * Whether the response to a write was lost and the write was confirmed by a lookup. Message,
     * status and headers are then those of the lookup.
     */
    public val recovered: Boolean get() = native.recovered

    /** The headers of the response whose values are text. Names are in lower case. */
    public val headers: List<Pair<String, String>> by lazy(LazyThreadSafetyMode.PUBLICATION) {
        native.headers.lineSequence().filter { it.isNotEmpty() }
            .map { line -> line.substringBefore(": ") to line.substringAfter(": ") }
            .toList()
    }

    /** A header of the response, or null without it. The case of the name does not matter. */
    public fun header(name: String): String? = headers.firstOrNull { (each, _) -> each.equals(name, ignoreCase = true) }?.second

    override fun toString(): String = "ResponseInfo(status=$status, message=$message, attempts=$attempts, recovered=$recovered)"
}

/** Calls the listener for responses, if there is one. */
internal fun CallOptions.notify(info: NativeResponseInfo) {
    onResponse?.accept(ResponseInfo(info))
}
