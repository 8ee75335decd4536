package com.skiplino

import com.skiplino.internal.ClientSettings
import com.skiplino.internal.NativeCallOptions
import com.skiplino.internal.NativeKeyClass
import com.skiplino.internal.WatchOptions as NativeWatchOptions
import java.time.Duration
import java.util.function.Consumer

/** What a key is allowed to do. A key that starts with `sk_` is secret, everything else counts as public. */
public enum class KeyClass {
    /** For apps in the hands of customers: branches, services, tickets, and a customer's tickets. */
    Public,

    /** For servers and operators: the customer directory as well. Refused on Android: whoever has the app can read it. */
    Secret,
}

/**
 * How a client is set up. What is not set is as the library has it.
 *
 * They are read once, by the client's constructor.
 */
public class ClientOptions {
    /** Where the API is, as in `https://host/external/v1`; the development environment unless set. Plain `http://` only to this machine. */
    public var baseUrl: String? = null

    /** The language of names and reasons (`X-Locale`), where the server has a translation. */
    public var locale: String? = null

    /** How long connecting may take, TLS included: 5 s unless set. */
    public var connectTimeout: Duration? = null

    /** How long one attempt may take: 10 s unless set. */
    public var attemptTimeout: Duration? = null

    /** How long a whole call may take, retries and pauses included: 30 s unless set. */
    public var deadline: Duration? = null

    /** Attempts in all, the first one included: 3 unless set. */
    public var maxAttempts: Int? = null

    /** The longest pause before the first retry, doubled for each one after it: 250 ms unless set. */
    public var backoff: Duration? = null

    /** The longest pause ever: 8 s unless set. */
    public var maxBackoff: Duration? = null

    /** At most so many requests a second, evenly spaced, from all calls of the client together. */
    public var requestsPerSecond: Double? = null

    /** The largest answer that is read, in bytes: 16 MiB unless set. */
    public var maxResponseBytes: Long? = null

    /** A proxy for all calls, as in `http://user:password@host:3128`; that of the environment unless set. */
    public var proxy: String? = null

    /** Certificate authorities to trust beside Mozilla's, as PEM text. */
    public var rootCertificates: String? = null

    /** What the `User-Agent` ends with, as in `QueueApp/4.2`. */
    public var userAgentSuffix: String? = null

    /** Takes a secret key even on Android, where it is refused otherwise. */
    public var allowSecretKeyOnDevice: Boolean = false

    internal fun toSettings() = ClientSettings(
        baseUrl = baseUrl,
        locale = locale,
        connectTimeoutMs = connectTimeout?.milliseconds(),
        attemptTimeoutMs = attemptTimeout?.milliseconds(),
        deadlineMs = deadline?.milliseconds(),
        maxAttempts = maxAttempts?.toLong(),
        backoffMs = backoff?.milliseconds(),
        maxBackoffMs = maxBackoff?.milliseconds(),
        requestsPerSecond = requestsPerSecond,
        maxResponseBytes = maxResponseBytes,
        proxy = proxy,
        rootCertificates = rootCertificates,
        userAgentSuffix = userAgentSuffix,
        allowSecretKeyOnDevice = allowSecretKeyOnDevice,
        host = "kotlin ${KotlinVersion.CURRENT}; java ${System.getProperty("java.version")}",
    )
}

/** What may differ from the client's settings for one call. */
public data class CallOptions @JvmOverloads constructor(
    /** The language of names and reasons; empty for the server's default. */
    public val locale: String? = null,
    /** How long the whole call may take, retries and pauses included. */
    public val deadline: Duration? = null,
    /** Attempts in all. */
    public val maxAttempts: Int? = null,
    /** Is told what came with the data, on a thread of the call; see also [SkiplinoClient.withResponse]. */
    public val onResponse: Consumer<ResponseInfo>? = null,
) {
    /** These, and those of [base] where these say nothing. */
    internal fun over(base: CallOptions) = CallOptions(
        locale ?: base.locale,
        deadline ?: base.deadline,
        maxAttempts ?: base.maxAttempts,
        onResponse ?: base.onResponse,
    )

    internal fun toNative() = NativeCallOptions(locale, deadline?.milliseconds(), maxAttempts?.toLong())
}

/** How a ticket is followed. */
public data class WatchOptions @JvmOverloads constructor(
    /** The shortest pause between two looks, near the front of the queue: 2 s unless set. */
    public val min: Duration? = null,
    /** The longest pause between two looks: 30 s unless set. */
    public val max: Duration? = null,
    /** How long failures of the network or the server are ridden out before the last of them is thrown: 10 minutes unless set. */
    public val giveUpAfter: Duration? = null,
) {
    internal fun toNative() = NativeWatchOptions(min?.milliseconds(), max?.milliseconds(), giveUpAfter?.milliseconds())
}

internal fun NativeKeyClass.toKeyClass(): KeyClass = when (this) {
    NativeKeyClass.PUBLIC -> KeyClass.Public
    NativeKeyClass.SECRET -> KeyClass.Secret
}

/** Milliseconds; a span too long for them is as good as none, and one that is negative is refused as such. */
private fun Duration.milliseconds(): Long = try {
    toMillis()
} catch (_: ArithmeticException) {
    if (isNegative) -1 else Long.MAX_VALUE
}
