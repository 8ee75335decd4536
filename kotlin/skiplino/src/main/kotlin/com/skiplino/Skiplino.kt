package com.skiplino

import com.skiplino.internal.LogLevel as NativeLogLevel
import com.skiplino.internal.LogSink
import com.skiplino.internal.setLogSink
import java.util.concurrent.CompletableFuture
import kotlin.concurrent.thread

/** How much a line of the log matters. */
public enum class LogLevel {
    /** Something went wrong, and the library goes on by itself or says so to the caller: a retry, a rate limit, a write in doubt. */
    Warn,

    /** A call failed, or a lost answer was made good. */
    Info,

    /** Each attempt. */
    Debug,
}

/** Takes lines of the library's log, on any thread. */
public fun interface SkiplinoLogger {
    /** A line: what happened, and operation, attempt, kind of error, status, times. No keys, and nothing of customers. */
    public fun log(level: LogLevel, line: String)
}

/** What concerns all clients of the process. */
public object Skiplino {
    /**
     * Loads the library on a thread of its own, so that the first client does not have to: call it as the app starts. The future is done
     * when it is loaded; nobody needs to wait for it.
     */
    @JvmStatic
    public fun warmUp(): CompletableFuture<Unit> {
        val done = CompletableFuture<Unit>()
        thread(name = "skiplino-warm-up", isDaemon = true) {
            try {
                // Nothing is sent. Everything that a client needs is there afterwards.
                SkiplinoClient("pk_warm_up").close()
                done.complete(Unit)
            } catch (@Suppress("TooGenericExceptionCaught") failure: Throwable) {
                done.completeExceptionally(failure)
            }
        }
        return done
    }

    /** Has everything that all clients tell of their work, up to [most], go to [logger]; nowhere for null. */
    @JvmStatic
    @JvmOverloads
    public fun setLogger(logger: SkiplinoLogger?, most: LogLevel = LogLevel.Info) {
        Library.load()
        setLogSink(logger?.let(::Sink), most.toNative())
    }
}

private class Sink(private val logger: SkiplinoLogger) : LogSink {
    override fun log(level: NativeLogLevel, line: String) {
        try {
            logger.log(level.toLogLevel(), line)
        } catch (@Suppress("TooGenericExceptionCaught") _: Throwable) {
            // Nobody above could take it, and a call does not fail because of its log.
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
