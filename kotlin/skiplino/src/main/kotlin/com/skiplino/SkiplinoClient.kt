package com.skiplino

import java.util.function.Consumer

/**
 * A client of the Skiplino External API. Make one and keep it: it holds connections, and any number of coroutines and threads may use
 * it at the same time.
 *
 * ```kotlin
 * SkiplinoClient("pk_…") { locale = "ar" }.use { client ->
 *     val branch = client.branches.list().first { it.isOpen }
 *     val group = client.branches.tree(branch.id).first()
 *     val ticket = client.tickets.book(BookTicketRequest.walkIn(group.services.first().id, group.id))
 *     client.tickets.watch(ticket.id).collect { println("${it.ticketNumber}: ${it.status}, ${it.queueSize} ahead") }
 * }
 * ```
 *
 * Every call is a suspend function that may be called on any thread, the main one included, and ends when its coroutine is cancelled. What
 * fails is thrown as a [SkiplinoException]. For Java each has a twin, as `bookAsync` of `book`, that gives a `CompletableFuture`.
 */
public class SkiplinoClient private constructor(private val core: Core, private val defaults: CallOptions) : AutoCloseable {
    /**
     * Makes a client with the key as the dashboard shows it. Nothing is sent.
     *
     * The first one in a process loads the library, which takes long for a main thread: see [Skiplino.warmUp].
     *
     * @throws SkiplinoException.InvalidRequest naming the setting that cannot be; a secret key on Android is one
     */
    @JvmOverloads
    public constructor(apiKey: String, options: ClientOptions = ClientOptions()) : this(Core(apiKey, options), CallOptions())

    /** The same, set up on the spot: `SkiplinoClient("pk_…") { locale = "ar" }`. */
    public constructor(apiKey: String, configure: ClientOptions.() -> Unit) : this(apiKey, ClientOptions().apply(configure))

    /** Branches and their services. */
    public val branches: Branches = Branches(core, defaults)

    /** Services and their appointment slots. */
    public val services: Services = Services(core, defaults)

    /** Tickets: walk-ins and appointments. */
    public val tickets: Tickets = Tickets(core, defaults)

    /** The customer directory. */
    public val customers: Customers = Customers(core, defaults)

    /** The class of the client's key. */
    public val keyClass: KeyClass get() = core.keyClass

    /** Whether it was closed. */
    public val isClosed: Boolean get() = core.isClosed

    /**
     * The same client with other options of its calls, as after the user chose another language: `client.withOptions(CallOptions(locale =
     * "ar"))`. It shares connections and limits with this one, and closing either closes both.
     */
    public fun withOptions(options: CallOptions): SkiplinoClient = SkiplinoClient(core, options.over(defaults))

    /**
     * Gives what came with the data of a call, too: `client.withResponse { tickets.cancel(id) }`. Of several calls, that of the last one.
     *
     * @throws IllegalArgumentException where no call was made
     */
    public suspend fun <T> withResponse(call: suspend SkiplinoClient.() -> T): Response<T> {
        var last: ResponseInfo? = null
        val data = withOptions(CallOptions(onResponse = Consumer { last = it })).call()
        return Response(data, requireNotNull(last) { "no call was made" })
    }

    /**
     * Ends what is under way, which fails with [SkiplinoException.Closed], and frees connections and memory. Whatever is called afterwards
     * fails so, too. Twice is as good as once.
     */
    override fun close() {
        core.close()
    }

    override fun toString(): String = "SkiplinoClient($keyClass)"
}
