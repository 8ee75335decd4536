// The client.
package com.skiplino

import com.skiplino.internal.FfiConverterTypeResponseInfo
import com.skiplino.internal.NativeCall
import java.util.concurrent.CompletableFuture
import java.util.function.Consumer

/**
 * A client of the Skiplino External API. Create one and keep it: it holds connections, and any
 * number of coroutines and threads may use it at the same time.
 *
 * ```kotlin
 * SkiplinoClient("pk_…") { locale = "ar" }.use { client ->
 *     val branch = client.branches.list().first { it.isOpen }
 *     val group = client.branches.tree(branch.id).first()
 *     val service = group.services.first()
 *     val ticket = client.tickets.book(BookTicketRequest.walkIn(service.id, group.id))
 *     client.tickets.watch(ticket.id).collect {
 *         println("${it.ticketNumber}: ${it.status}, ${it.queueSize} ahead")
 *     }
 * }
 * ```
 *
 * Every operation is a suspend function that may be called on any thread, including the main
 * thread, and ends when its coroutine is cancelled. Operations throw [SkiplinoException].
 *
 * For Java, each operation has a variant that returns a `CompletableFuture`, such as `bookAsync`
 * for `book`. Futures complete on a pool of daemon threads of the library, which has a thread for
 * every callback, so callbacks may block and wait for other calls. Use methods such as
 * `thenApplyAsync` with an executor to run callbacks elsewhere.
 */
public class SkiplinoClient private constructor(private val dispatcher: CallDispatcher, private val defaults: CallOptions) : AutoCloseable {
    /**
     * Creates a client with the key that the dashboard shows. Sends nothing.
     *
     * The first client of a process loads the native library, which is too slow for a main thread:
     * see [Skiplino.warmUp]. If the library cannot be loaded, each client throws an
     * `UnsatisfiedLinkError` with the reason.
     *
     * @throws SkiplinoException.InvalidRequest for an invalid setting, which it names, such as a
     * secret key on Android
     */
    @JvmOverloads
    public constructor(apiKey: String, options: ClientOptions = ClientOptions()) : this(CallDispatcher(apiKey, options), CallOptions())

    /** Creates a client with settings from a lambda: `SkiplinoClient("pk_…") { locale = "ar" }`. */
    public constructor(apiKey: String, configure: ClientOptions.() -> Unit) : this(apiKey, ClientOptions().apply(configure))

    /** Branches and their services. */
    public val branches: Branches = Branches(dispatcher, defaults)

    /** Services and their appointment slots. */
    public val services: Services = Services(dispatcher, defaults)

    /** Tickets: walk-ins and appointments. */
    public val tickets: Tickets = Tickets(dispatcher, defaults)

    /** The customer directory. */
    public val customers: Customers = Customers(dispatcher, defaults)

    /** Whether the client's key is public or secret. */
    public val keyClass: KeyClass get() = dispatcher.keyClass

    /** Whether the client was closed. */
    public val isClosed: Boolean get() = dispatcher.isClosed

    /**
     * This client with other default options, for example after the user chose another language:
     * `client.withOptions(CallOptions(locale = "ar"))`. Both share connections and rate limits, and
     * closing one closes both.
     */
    public fun withOptions(options: CallOptions): SkiplinoClient = SkiplinoClient(dispatcher, options.over(defaults))

    /**
     * Returns the data of a call with the metadata of its response:
     * `client.withResponse { tickets.cancel(id) }`. After several calls, the metadata is that of
     * the last call.
     *
     * @throws IllegalArgumentException if [call] makes no call
     */
    public suspend fun <T> withResponse(call: suspend SkiplinoClient.() -> T): Response<T> {
        var last: ResponseInfo? = null
        val data = withOptions(CallOptions(onResponse = Consumer { last = it })).call()
        return Response(data, requireNotNull(last) { "no call was made" })
    }

    /**
     * Opens the connections of the next calls, so that the first call costs one round trip, and not
     * also those of TCP and TLS. Finds a wrong key or address when the app starts.
     *
     * Lists the branches (operation 1, which every key may do) twice at the same time: a booking
     * for a customer uses two connections. A connection without a request stays open for 50
     * seconds. [Skiplino.warmUp] loads the native library, and needs no client.
     *
     * @throws SkiplinoException.Unauthorized for a wrong key
     */
    public suspend fun warmUp(options: CallOptions = CallOptions()) {
        val merged = options.over(defaults)
        merged.notify(dispatcher.read(NativeCall.WarmUp(merged.toNative()), FfiConverterTypeResponseInfo::read))
    }

    /** [warmUp] as a future. */
    @JvmOverloads
    public fun warmUpAsync(options: CallOptions = CallOptions()): CompletableFuture<Unit> = dispatcher.future { warmUp(options) }

    /**
     * Closes the client and frees its connections and memory. Calls in flight and later calls fail
     * with [SkiplinoException.Closed]. A second call does nothing.
     *
     * After the last client is closed, the library ends its threads: an application server that
     * stops an application needs no other call.
     */
    override fun close() {
        dispatcher.close()
    }

    override fun toString(): String = "SkiplinoClient($keyClass)"
}
