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
public class Tickets internal constructor(private val core: Core, private val defaults: CallOptions) {
    /**
     * Books a ticket (operation 4, `POST /tickets/book`): a walk-in joins the queue at once, an appointment takes a place in a slot.
     *
     * A booking is never sent a second time when it may have arrived. For a customer, their newest tickets are read before it, and if its
     * answer is lost they are read again until its ticket is found ([ResponseInfo.recovered]).
     *
     * @throws SkiplinoException.Rejected with a localised reason when a business rule forbids it
     * @throws SkiplinoException.OutcomeUnknown when the answer was lost and the ticket was not found: booking again could make a second one
     * @throws CallCancelledException when the coroutine is cancelled; its outcome says whether there may be a ticket
     */
    public suspend fun book(request: BookTicketRequest, options: CallOptions = CallOptions()): Ticket {
        val how = options.over(defaults)
        val response = core.write(NativeCall.BookTicket(request.toNative(), how.toNative()), FfiConverterTypeTicketResponse::read)
        how.tell(response.info)
        return response.data.toTicket()
    }

    /** [book] as a future. */
    @JvmOverloads
    public fun bookAsync(request: BookTicketRequest, options: CallOptions = CallOptions()): CompletableFuture<Ticket> =
        core.future { book(request, options) }

    /** A ticket as it is now (operation 5, `GET /tickets/{id}`). */
    public suspend fun get(ticketId: String, options: CallOptions = CallOptions()): Ticket {
        val how = options.over(defaults)
        val response = core.read(NativeCall.GetTicket(ticketId, how.toNative()), FfiConverterTypeTicketResponse::read)
        how.tell(response.info)
        return response.data.toTicket()
    }

    /** [get] as a future. */
    @JvmOverloads
    public fun getAsync(ticketId: String, options: CallOptions = CallOptions()): CompletableFuture<Ticket> =
        core.future { get(ticketId, options) }

    /**
     * Follows a ticket: its state now, and again each time that it changes, until it is served or cancelled.
     *
     * It is looked at (operation 5) at the pace of its queue; collectors of one ticket share their looks. Failures of the network or the
     * server are ridden out, so a phone may lose its network and find it again; when the collecting coroutine is cancelled, the requests
     * end. Names are in the client's language.
     */
    @JvmOverloads
    public fun watch(ticketId: String, options: WatchOptions = WatchOptions()): Flow<Ticket> = flow {
        core.ask { it.watchTicket(ticketId, options.toNative(), defaults.toNative()) }.use { watch ->
            val number = watch.number().toLong()
            while (true) {
                val change = Core.next(number, NativeCall.NextChange, FfiConverterTypeNativeTicket::read) ?: break
                emit(change.toTicket())
            }
        }
    }

    /** [watch] with a callback, for callers without coroutines: the future is done when the watch is over, and cancelling it stops it. */
    @JvmOverloads
    public fun watchAsync(
        ticketId: String,
        options: WatchOptions = WatchOptions(),
        onChange: Consumer<Ticket>,
    ): CompletableFuture<Unit> = core.future { watch(ticketId, options).collect(onChange::accept) }

    /**
     * Cancels a ticket that is waiting or upcoming (operation 6, `POST /tickets/{id}/cancel`), and returns its new state. If the answer is
     * lost, the ticket is looked at, and cancelled again only if it is not.
     *
     * @throws SkiplinoException.Conflict in any other state, cancelled included
     * @throws SkiplinoException.Validation for an unknown ticket
     */
    public suspend fun cancel(ticketId: String, options: CallOptions = CallOptions()): Ticket {
        val how = options.over(defaults)
        val response = core.write(NativeCall.CancelTicket(ticketId, how.toNative()), FfiConverterTypeTicketResponse::read)
        how.tell(response.info)
        return response.data.toTicket()
    }

    /** [cancel] as a future. */
    @JvmOverloads
    public fun cancelAsync(ticketId: String, options: CallOptions = CallOptions()): CompletableFuture<Ticket> =
        core.future { cancel(ticketId, options) }

    /**
     * Moves a waiting appointment of [customer] to another slot (operation 7, `POST /tickets/{id}/change-time`); [time] is from
     * [Slot.time]. If the answer is lost, the ticket is looked at, and moved again only if its time is another.
     *
     * @throws SkiplinoException.Validation for a walk-in or another state
     * @throws SkiplinoException.NotFound when the ticket cannot be resolved after the change
     */
    public suspend fun reschedule(
        ticketId: String,
        time: Instant,
        customer: CustomerRef,
        options: CallOptions = CallOptions(),
    ): Ticket {
        val how = options.over(defaults)
        val call = NativeCall.RescheduleTicket(ticketId, time.milliseconds(), customer.toNative(), how.toNative())
        val response = core.write(call, FfiConverterTypeTicketResponse::read)
        how.tell(response.info)
        return response.data.toTicket()
    }

    /** [reschedule] as a future. */
    @JvmOverloads
    public fun rescheduleAsync(
        ticketId: String,
        time: Instant,
        customer: CustomerRef,
        options: CallOptions = CallOptions(),
    ): CompletableFuture<Ticket> = core.future { reschedule(ticketId, time, customer, options) }
}
