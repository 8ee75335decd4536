// Logging and warm-up, for all clients of the process.
package com.skiplino

import com.skiplino.internal.CallDriver
import com.skiplino.internal.Threads
import java.util.concurrent.CompletableFuture

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

/**
 * Receives the library's log lines, one after the other, on a thread of its own. A call may return
 * before its lines arrive. If a logger is so slow that 10,000 lines wait, the library drops further
 * lines.
 */
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
        Threads.start("skiplino-warm-up") {
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
        Threads.logger = logger?.let { { number, line -> it.log(LogLevel.entries[number - 1], line) } }
        CallDriver.setLogLevel(if (logger == null) 0 else level.ordinal + 1)
    }
}
