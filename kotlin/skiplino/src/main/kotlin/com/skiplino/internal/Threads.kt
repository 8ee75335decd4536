// The threads of the package.
package com.skiplino.internal

import java.nio.ByteBuffer
import java.nio.charset.StandardCharsets
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.SynchronousQueue
import java.util.concurrent.ThreadFactory
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit
import kotlin.coroutines.Continuation
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.resume
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.MainCoroutineDispatcher
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.runBlocking

/**
 * The threads for callers' code. Such code may wait for other calls, so it never runs on the thread
 * that runs all calls.
 */
internal object Threads {
    /** As many threads as are needed: any number of callbacks may wait for other calls. */
    private val callbacks =
        ThreadPoolExecutor(0, Int.MAX_VALUE, KEEP_MILLIS, TimeUnit.MILLISECONDS, SynchronousQueue(), named("skiplino-callback"))

    /** One thread, so that lines stay in order. Lines of a logger that is too slow are dropped. */
    private val log = ThreadPoolExecutor(
        1, 1, KEEP_MILLIS, TimeUnit.MILLISECONDS, LinkedBlockingQueue(MAX_LOG_LINES), named("skiplino-log"), ThreadPoolExecutor.DiscardPolicy(),
    ).apply { allowCoreThreadTimeOut(true) }

    /** The dispatcher of futures. */
    val dispatcher: CoroutineDispatcher = callbacks.asCoroutineDispatcher()

    /** Takes a log line: its level and its text. */
    @Volatile var logger: ((Int, String) -> Unit)? = null

    /** The class of `runBlocking`'s dispatcher, which is not public. */
    private val ofRunBlocking = runBlocking { coroutineContext[ContinuationInterceptor] }?.javaClass

    fun start(name: String, code: () -> Unit) = named(name).newThread(code).start()

    private fun named(name: String) = ThreadFactory { code ->
        Thread(code, name).apply {
            isDaemon = true
            // Not that of the application that happens to start the thread.
            contextClassLoader = Threads::class.java.classLoader
        }
    }

    /** Resumes a coroutine, whose code runs on another thread than this one. */
    fun <T> resume(continuation: Continuation<T>, result: T) {
        try {
            when {
                dispatches(continuation.context) -> continuation.resume(result)
                else -> callbacks.execute { continuation.resume(result) }
            }
        } catch (@Suppress("TooGenericExceptionCaught") failure: Throwable) {
            // The coroutine's dispatcher threw. The other calls must continue.
            Thread.currentThread().run { uncaughtExceptionHandler.uncaughtException(this, failure) }
        }
    }

    /**
     * Whether resuming a coroutine only adds it to a queue. Other dispatchers may run its code in
     * place, as Unconfined does.
     */
    private fun dispatches(context: CoroutineContext): Boolean {
        val dispatcher = context[ContinuationInterceptor] ?: return false
        return when {
            dispatcher === Dispatchers.Default || dispatcher === Dispatchers.IO || dispatcher === this.dispatcher -> true
            dispatcher is MainCoroutineDispatcher -> dispatcher.isDispatchNeeded(context)
            else -> dispatcher.javaClass === ofRunBlocking
        }
    }

    /** Hands a line to the logger: a byte for the level, and the text. */
    fun log(line: ByteBuffer) = log.execute {
        try {
            val level = line.get().toInt()
            val text = ByteArray(line.remaining()).also(line::get)
            logger?.invoke(level, String(text, StandardCharsets.UTF_8))
        } catch (@Suppress("TooGenericExceptionCaught") _: Throwable) {
            // A logger that fails must not end an app, as Android would.
        }
    }

    /** Keeps idle threads for a while. */
    fun keepIdle() = keep(KEEP_MILLIS)

    /** Ends all threads as soon as they are idle. */
    fun endIdle() = keep(1)

    private fun keep(millis: Long) {
        for (pool in arrayOf(callbacks, log)) pool.setKeepAliveTime(millis, TimeUnit.MILLISECONDS)
    }

    private const val KEEP_MILLIS = 10_000L
    private const val MAX_LOG_LINES = 10_000
}
