package com.skiplino

import com.skiplino.internal.FfiConverterTypeSlotsResponse
import com.skiplino.internal.NativeCall
import com.skiplino.internal.NativeService
import java.time.Instant
import java.time.LocalDate
import java.util.concurrent.CompletableFuture

/** Services and their appointment slots. See [SkiplinoClient.services]. */
public class Services internal constructor(private val core: Core, private val defaults: CallOptions) {
    /**
     * The appointment times of a service that have places left (operation 3, `GET /services/{id}/slots`), on [date] or today, in the
     * company's time zone. An empty list is a full or closed day.
     *
     * @throws SkiplinoException.Validation for a day that is past, or a service that does not take appointments
     */
    public suspend fun slots(serviceId: String, date: LocalDate? = null, options: CallOptions = CallOptions()): List<Slot> {
        val how = options.over(defaults)
        val response = core.read(NativeCall.ListSlots(serviceId, date?.toString(), how.toNative()), FfiConverterTypeSlotsResponse::read)
        how.tell(response.info)
        return response.data.map { Slot(Instant.ofEpochMilli(it.timeMs), it.remaining.toInt()) }
    }

    /** [slots] as a future. */
    @JvmOverloads
    public fun slotsAsync(
        serviceId: String,
        date: LocalDate? = null,
        options: CallOptions = CallOptions(),
    ): CompletableFuture<List<Slot>> = core.future { slots(serviceId, date, options) }
}

/** A service that can be queued for. */
public data class Service(
    /** The service's id. */
    public val id: String,
    /** Its name, localised. */
    public val name: String,
    /** Whether it is open now. */
    public val isOpen: Boolean,
    /** Whether it can be booked for a time. */
    public val isAppointment: Boolean,
)

/** A time that an appointment can be booked for. */
public data class Slot(
    /** When it begins; what a booking names. */
    public val time: Instant,
    /** Places left. */
    public val remaining: Int,
)

internal fun NativeService.toService() = Service(id, name, isOpen, isAppointment)
