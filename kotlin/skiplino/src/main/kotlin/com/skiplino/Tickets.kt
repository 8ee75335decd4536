// Tickets: operations 4 to 7, and watching a ticket.
package com.skiplino

import com.skiplino.internal.FfiConverterTypeNativeTicket
import com.skiplino.internal.FfiConverterTypeTicketResponse
import com.skiplino.internal.NativeCall
import java.time.Instant
import java.util.concurrent.CompletableFuture
import java.util.function.Consumer
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** Tickets: walk-ins and appointments. See [SkiplinoClient.tickets]. */
public class Tickets internal constructor(private val dispatcher: CallDispatcher, private val defaults: CallOptions) {
    /**
     * Books a ticket (operation 4, `POST /tickets/book`): a walk-in joins the queue at once, an
     * appointment takes a place in a slot.
     *
     * The library never sends a booking twice if the server may have received it. For a booking
     * with a customer, the library also reads the customer's newest tickets, at the same time; if
     * the response is lost, it reads them again until it finds the new ticket
     * ([ResponseInfo.recovered]).
     *
     * To limit the time, use [CallOptions.deadline]: the exception of `withTimeout`, or of a
     * future's `get` with a limit, does not say whether there may be a ticket.
     *
     * @throws SkiplinoException.Rejected with a localised reason if a business rule forbids the
     * booking
     * @throws SkiplinoException.OutcomeUnknown if the response was lost and the ticket was not
     * found: another try could book a second ticket
     * @throws CallCancelledException if the coroutine is cancelled; its outcome says whether there
     * may be a ticket
     */
    public suspend fun book(request: BookTicketRequest, options: CallOptions = CallOptions()): Ticket {
        val merged = options.over(defaults)
        val call = NativeCall.BookTicket(request.toNative(), merged.toNative())
        val response = dispatcher.write(call, FfiConverterTypeTicketResponse::read)
        merged.notify(response.info)
        return response.data.toTicket()
    }

    /** [book] as a future. */
    @JvmOverloads
    public fun bookAsync(request: BookTicketRequest, options: CallOptions = CallOptions()): CompletableFuture<Ticket> =
        dispatcher.future { book(request, options) }

    /** The current state of a ticket (operation 5, `GET /tickets/{id}`). */
    public suspend fun get(ticketId: String, options: CallOptions = CallOptions()): Ticket {
        val merged = options.over(defaults)
        val call = NativeCall.GetTicket(ticketId, merged.toNative())
        val response = dispatcher.read(call, FfiConverterTypeTicketResponse::read)
        merged.notify(response.info)
        return response.data.toTicket()
    }

    /** [get] as a future. */
    @JvmOverloads
    public fun getAsync(ticketId: String, options: CallOptions = CallOptions()): CompletableFuture<Ticket> =
        dispatcher.future { get(ticketId, options) }

    /**
     * Watches a ticket: emits its current state, and its state after each change, until it is
     * served or cancelled.
     *
     * The flow polls the ticket (operation 5) more often the nearer it is to the front of its
     * queue; collectors of one ticket share polls. Failures of the network or the server are
     * retried, so a phone may lose its network and find it again. Cancelling the collecting
     * coroutine ends the requests. Names are in the client's language.
     */
    @JvmOverloads
    public fun watch(ticketId: String, options: WatchOptions = WatchOptions()): Flow<Ticket> = flow {
        dispatcher.withClient { it.watchTicket(ticketId, options.toNative(), defaults.toNative()) }.use { watch ->
            val handle = watch.register().toLong()
            while (true) {
                val change = dispatcher.next(handle, NativeCall.NextChange, FfiConverterTypeNativeTicket::read) ?: break
                emit(change.toTicket())
            }
        }
    }

    /**
     * [watch] with a callback, for callers without coroutines. The future completes when the watch
     * ends; cancelling it stops the watch.
     */
    @JvmOverloads
    public fun watchAsync(
        ticketId: String,
        options: WatchOptions = WatchOptions(),
        onChange: Consumer<Ticket>,
    ): CompletableFuture<Unit> = dispatcher.future { watch(ticketId, options).collect(onChange::accept) }

    /**
     * Cancels a waiting or upcoming ticket (operation 6, `POST /tickets/{id}/cancel`) and returns
     * its new state. If the response is lost, the library looks up the ticket and sends the request
     * again only if the ticket is not cancelled.
     *
     * @throws SkiplinoException.Conflict in any other state, including cancelled
     * @throws SkiplinoException.Validation for an unknown ticket
     */
    public suspend fun cancel(ticketId: String, options: CallOptions = CallOptions()): Ticket {
        val merged = options.over(defaults)
        val call = NativeCall.CancelTicket(ticketId, merged.toNative())
        val response = dispatcher.write(call, FfiConverterTypeTicketResponse::read)
        merged.notify(response.info)
        return response.data.toTicket()
    }

    /** [cancel] as a future. */
    @JvmOverloads
    public fun cancelAsync(ticketId: String, options: CallOptions = CallOptions()): CompletableFuture<Ticket> =
        dispatcher.future { cancel(ticketId, options) }

    /**
     * Moves a waiting appointment of [customer] to another slot (operation 7,
     * `POST /tickets/{id}/change-time`). [time] is from [Slot.time]. If the response is lost, the
     * library looks up the ticket and sends the request again only if the ticket does not have the
     * new time.
     *
     * @throws SkiplinoException.Validation for a walk-in, or a ticket in another state
     * @throws SkiplinoException.NotFound if the server cannot find the ticket after the change
     */
    public suspend fun reschedule(
        ticketId: String,
        time: Instant,
        customer: CustomerRef,
        options: CallOptions = CallOptions(),
    ): Ticket {
        val merged = options.over(defaults)
        val call = NativeCall.RescheduleTicket(ticketId, time.milliseconds(), customer.toNative(), merged.toNative())
        val response = dispatcher.write(call, FfiConverterTypeTicketResponse::read)
        merged.notify(response.info)
        return response.data.toTicket()
    }

    /** [reschedule] as a future. */
    @JvmOverloads
    public fun rescheduleAsync(
        ticketId: String,
        time: Instant,
        customer: CustomerRef,
        options: CallOptions = CallOptions(),
    ): CompletableFuture<Ticket> = dispatcher.future { reschedule(ticketId, time, customer, options) }
}
