// Services and appointment slots: operation 3.
package com.skiplino

import com.skiplino.internal.FfiConverterTypeSlotsResponse
import com.skiplino.internal.NativeCall
import com.skiplino.internal.NativeService
import java.time.Instant
import java.time.LocalDate
import java.util.concurrent.CompletableFuture

/** Services and their appointment slots. See [SkiplinoClient.services]. */
public class Services internal constructor(private val dispatcher: CallDispatcher, private val defaults: CallOptions) {
    /**
     * The free appointment slots of a service (operation 3, `GET /services/{id}/slots`) on [date],
     * or today, in the company's time zone. The list is empty if the day is fully booked or the
     * branch is closed.
     *
     * @throws SkiplinoException.Validation for a date in the past, or a service that does not take
     * appointments
     */
    public suspend fun slots(serviceId: String, date: LocalDate? = null, options: CallOptions = CallOptions()): List<Slot> {
        val merged = options.over(defaults)
        val call = NativeCall.ListSlots(serviceId, date?.toString(), merged.toNative())
        val response = dispatcher.read(call, FfiConverterTypeSlotsResponse::read)
        merged.notify(response.info)
        return response.data.map { Slot(Instant.ofEpochMilli(it.timeMs), it.remaining.toInt()) }
    }

    /** [slots] as a future. */
    @JvmOverloads
    public fun slotsAsync(
        serviceId: String,
        date: LocalDate? = null,
        options: CallOptions = CallOptions(),
    ): CompletableFuture<List<Slot>> = dispatcher.future { slots(serviceId, date, options) }
}

/** A service of a branch. */
public data class Service(
    /** The service's id. */
    public val id: String,
    /** The name, localised. */
    public val name: String,
    /** Whether the service is open now. */
    public val isOpen: Boolean,
    /** Whether the service takes appointments. */
    public val isAppointment: Boolean,
)

/** An appointment slot. */
public data class Slot(
    /** The start of the slot, which a booking takes. */
    public val time: Instant,
    /** The number of free places. */
    public val remaining: Int,
)

internal fun NativeService.toService() = Service(id, name, isOpen, isAppointment)
