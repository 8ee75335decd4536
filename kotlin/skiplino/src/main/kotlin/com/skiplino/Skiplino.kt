// Logging and warm-up, for all clients of the process.
package com.skiplino

import com.skiplino.internal.LogLevel as NativeLogLevel
import com.skiplino.internal.LogSink
import com.skiplino.internal.setLogSink
import java.util.concurrent.CompletableFuture
import kotlin.concurrent.thread

/** The importance of a log line. */
public enum class LogLevel {
    /**
     * The library recovers by itself or reports the failure to the caller: a retry, a rate limit,
     * an unknown outcome.
     */
    Warn,

    /** A call failed, or a lost response was recovered. */
    Info,

    /** Each attempt. */
    Debug,
}

/** Receives the library's log lines, on any thread. */
public fun interface SkiplinoLogger {
    /**
     * Takes one line: the event with operation, attempt, kind of error, status and duration. Lines
     * have no keys and no customer data.
     */
    public fun log(level: LogLevel, line: String)
}

/** Settings for all clients of the process. */
public object Skiplino {
    /**
     * Loads the native library on a background thread, so that the first client does not have to.
     * Call this when the app starts. The future completes when the library is loaded; there is no
     * need to wait for it.
     */
    @JvmStatic
    public fun warmUp(): CompletableFuture<Unit> {
        val done = CompletableFuture<Unit>()
        thread(name = "skiplino-warm-up", isDaemon = true) {
            try {
                // Sends nothing, but loads all that a client needs.
                SkiplinoClient("pk_warm_up").close()
                done.complete(Unit)
            } catch (@Suppress("TooGenericExceptionCaught") failure: Throwable) {
                done.completeExceptionally(failure)
            }
        }
        return done
    }

    /**
     * Sends the log lines of all clients, up to the level [level], to [logger]; null turns logging
     * off.
     */
    @JvmStatic
    @JvmOverloads
    public fun setLogger(logger: SkiplinoLogger?, level: LogLevel = LogLevel.Info) {
        NativeLibrary.load()
        setLogSink(logger?.let(::Sink), level.toNative())
    }
}

private class Sink(private val logger: SkiplinoLogger) : LogSink {
    override fun log(level: NativeLogLevel, line: String) {
        try {
            logger.log(level.toLogLevel(), line)
        } catch (@Suppress("TooGenericExceptionCaught") _: Throwable) {
            // A failing logger must not fail a call.
        }
    }
}

private fun LogLevel.toNative() = when (this) {
    LogLevel.Warn -> NativeLogLevel.WARN
    LogLevel.Info -> NativeLogLevel.INFO
    LogLevel.Debug -> NativeLogLevel.DEBUG
}

private fun NativeLogLevel.toLogLevel() = when (this) {
    NativeLogLevel.WARN -> LogLevel.Warn
    NativeLogLevel.INFO -> LogLevel.Info
    NativeLogLevel.DEBUG -> LogLevel.Debug
}
