// Settings of clients, calls and watches.
package com.skiplino

import com.skiplino.internal.ClientSettings
import com.skiplino.internal.NativeCallOptions
import com.skiplino.internal.NativeKeyClass
import com.skiplino.internal.WatchOptions as NativeWatchOptions
import java.time.Duration
import java.util.function.Consumer

/**
 * The permissions of an API key. A key that starts with `sk_` is secret; every other key counts as
 * public.
 */
public enum class KeyClass {
    /** For apps that customers install: branches, services, tickets, and a customer's tickets. */
    Public,

    /**
     * For servers and operators: also grants access to the customer directory. Rejected on Android,
     * because users can extract it from the app.
     */
    Secret,
}

/**
 * The settings of a client. A setting that is null has the library's default.
 *
 * The constructor of the client reads the settings once.
 */
public class ClientOptions {
    /**
     * The base URL, such as `https://host/external/v1`; default: the development environment. Must
     * use https (http only for localhost).
     */
    public var baseUrl: String? = null

    /** The language of names and error reasons (`X-Locale`), if the server has a translation. */
    public var locale: String? = null

    /** The maximum duration of connecting, including TLS; default: 5 s. */
    public var connectTimeout: Duration? = null

    /** The maximum duration of one attempt; default: 10 s. */
    public var attemptTimeout: Duration? = null

    /** The maximum duration of a whole call, including retries and pauses; default: 30 s. */
    public var deadline: Duration? = null

    /** The maximum number of attempts, including the first; default: 3. */
    public var maxAttempts: Int? = null

    /**
     * The maximum pause before the first retry, doubled before each further retry; default: 250 ms.
     */
    public var backoff: Duration? = null

    /** The maximum pause before any retry; default: 8 s. */
    public var maxBackoff: Duration? = null

    /**
     * The rate limit in requests a second, evenly spaced, for all calls of the client together;
     * default: none.
     */
    public var requestsPerSecond: Double? = null

    /** The maximum size of a response body in bytes; default: 16 MiB. */
    public var maxResponseBytes: Long? = null

    /**
     * The proxy for all calls, such as `http://user:password@host:3128`; default: the proxy of the
     * environment.
     */
    public var proxy: String? = null

    /** Certificate authorities to trust in addition to Mozilla's, as PEM text. */
    public var rootCertificates: String? = null

    /** The end of the `User-Agent` header, such as `QueueApp/4.2`. */
    public var userAgentSuffix: String? = null

    /** Allows a secret key on Android, where it is rejected by default. */
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
        onDevice = isAndroid,
        host = "kotlin ${KotlinVersion.CURRENT}; java ${System.getProperty("java.version")}",
    )
}

/**
 * Overrides the client's settings for one call. An option that is null keeps the client's setting.
 */
public data class CallOptions @JvmOverloads constructor(
    /** The language of names and error reasons; empty for the server's default. */
    public val locale: String? = null,
    /**
     * The maximum duration of the whole call, including retries and pauses. Unlike that of
     * `withTimeout`, its exception has an outcome, so prefer it for writes.
     */
    public val deadline: Duration? = null,
    /** The maximum number of attempts, including the first. */
    public val maxAttempts: Int? = null,
    /**
     * Receives the metadata of the response, in the coroutine of the call, or on the thread that
     * completes its future; see also [SkiplinoClient.withResponse].
     */
    public val onResponse: Consumer<ResponseInfo>? = null,
) {
    /** These options, with those of [base] for every option that is null. */
    internal fun over(base: CallOptions) = CallOptions(
        locale ?: base.locale,
        deadline ?: base.deadline,
        maxAttempts ?: base.maxAttempts,
        onResponse ?: base.onResponse,
    )

    internal fun toNative() = NativeCallOptions(locale, deadline?.milliseconds(), maxAttempts?.toLong())
}

/** How to watch a ticket. */
public data class WatchOptions @JvmOverloads constructor(
    /** The minimum poll interval, used near the front of the queue; default: 2 s. */
    public val min: Duration? = null,
    /** The maximum poll interval; default: 30 s. */
    public val max: Duration? = null,
    /**
     * How long to retry failures of the network or the server before the watch throws the last one;
     * default: 10 minutes.
     */
    public val giveUpAfter: Duration? = null,
) {
    internal fun toNative() = NativeWatchOptions(min?.milliseconds(), max?.milliseconds(), giveUpAfter?.milliseconds())
}

/**
 * Whether this is Android, or a simulation of it such as Robolectric's, which loads the library for
 * the JVM. A stub of Android's classes is neither: it has no version, or throws.
 */
private val isAndroid: Boolean by lazy {
    try {
        Class.forName("android.os.Build\$VERSION").getField("SDK_INT").getInt(null) > 0
    } catch (_: ReflectiveOperationException) {
        false
    } catch (_: LinkageError) {
        false
    }
}

internal fun NativeKeyClass.toKeyClass(): KeyClass = when (this) {
    NativeKeyClass.PUBLIC -> KeyClass.Public
    NativeKeyClass.SECRET -> KeyClass.Secret
}

/**
 * Milliseconds. A duration that does not fit becomes the nearest value that does; the library
 * rejects negative values.
 */
private fun Duration.milliseconds(): Long = try {
    toMillis()
} catch (_: ArithmeticException) {
    if (isNegative) -1 else Long.MAX_VALUE
}
