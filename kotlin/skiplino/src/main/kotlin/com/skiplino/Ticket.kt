// Ticket records and booking requests.
package com.skiplino

import com.skiplino.internal.NativeBooking
import com.skiplino.internal.NativeLocation
import com.skiplino.internal.NativeNamedRef
import com.skiplino.internal.NativeTicket
import java.time.Instant

/**
 * The status of a ticket. The API may add statuses; a status that this version does not know is
 * [Unknown].
 */
public sealed class TicketStatus(
    /** The value as the API writes it. */
    public val value: String,
) {
    /** Waiting in the queue. */
    public object Waiting : TicketStatus("waiting")

    /** An appointment whose time is in the future. */
    public object Upcoming : TicketStatus("upcoming")

    /** Being served. */
    public object Serving : TicketStatus("serving")

    /** Served. */
    public object Served : TicketStatus("served")

    /** Cancelled by the customer or the staff. */
    public object Cancelled : TicketStatus("cancelled")

    /** A value that this version does not know, as the API wrote it. */
    public class Unknown internal constructor(value: String) : TicketStatus(value)

    final override fun toString(): String = value

    final override fun equals(other: Any?): Boolean = other is TicketStatus && other.value == value

    final override fun hashCode(): Int = value.hashCode()

    /** Reads statuses. */
    public companion object {
        // Not a field: the objects may not be initialized when the companion is.
        private fun known() = listOf(Waiting, Upcoming, Serving, Served, Cancelled)

        /** The status with this value. */
        @JvmStatic
        public fun of(value: String): TicketStatus = known().firstOrNull { it.value == value } ?: Unknown(value)
    }
}

/**
 * The type of a ticket. The API may add types; a type that this version does not know is [Unknown].
 */
public sealed class TicketType(
    /** The value as the API writes it. */
    public val value: String,
) {
    /** A walk-in, with a number in the queue. */
    public object Sequential : TicketType("sequential")

    /** An appointment at a booked time. */
    public object Appointment : TicketType("appointment")

    /** A value that this version does not know, as the API wrote it. */
    public class Unknown internal constructor(value: String) : TicketType(value)

    final override fun toString(): String = value

    final override fun equals(other: Any?): Boolean = other is TicketType && other.value == value

    final override fun hashCode(): Int = value.hashCode()

    /** Reads types. */
    public companion object {
        private fun known() = listOf(Sequential, Appointment)

        /** The type with this value. */
        @JvmStatic
        public fun of(value: String): TicketType = known().firstOrNull { it.value == value } ?: Unknown(value)
    }
}

/** The id and localised name of a branch, service or service group. */
public data class NamedRef(
    /** The id. */
    public val id: String,
    /** The name. */
    public val name: String,
)

/** The customer of a ticket. */
public data class TicketCustomer(
    /** The customer's id. */
    public val id: String,
    /** The customer's name, if known. */
    public val name: String?,
) {
    /** Omits the name, which must not reach a log. */
    override fun toString(): String = "TicketCustomer(id=$id)"
}

/** A ticket. */
public data class Ticket(
    /** The ticket's id. */
    public val id: String,
    /** The number on the ticket, such as `A042`. */
    public val ticketNumber: String,
    /** The status. */
    public val status: TicketStatus,
    /** When the status last changed. */
    public val statusAt: Instant,
    /** Walk-in or appointment. */
    public val type: TicketType,
    /** The time of the appointment; null for a walk-in. */
    public val time: Instant?,
    /** The branch of the ticket. */
    public val branch: NamedRef,
    /** The service of the ticket. */
    public val service: NamedRef,
    /** The service group of that service. */
    public val groupOfService: NamedRef,
    /** The customer; null for an anonymous walk-in. */
    public val customer: TicketCustomer?,
    /** When the ticket was booked. */
    public val bookedAt: Instant,
    /** The number of people ahead while the ticket is waiting; the server may omit it. */
    public val queueSize: Int?,
    /**
     * The estimated wait in minutes, rounded, while the ticket is waiting; the server may omit it.
     */
    public val waitingTime: Int?,
)

/** A position in degrees. */
public data class Location(
    /** Degrees north, from -90 to 90. */
    public val lat: Double,
    /** Degrees east, from -180 to 180. */
    public val lng: Double,
)

/** A booking request: see [walkIn] and [appointment]. */
public class BookTicketRequest internal constructor(
    /** The id of the service. */
    public val serviceId: String,
    /** The id of the service group. */
    public val groupOfServiceId: String,
    /** The time of the appointment; null for a walk-in. */
    public val time: Instant?,
    /** The customer. */
    public val customer: CustomerRef?,
    /** The service's custom fields, a JSON object such as `{"accountType": "savings"}`. */
    public val options: JsonValue?,
    /** The position of the customer. */
    public val location: Location?,
) {
    internal fun toNative() = NativeBooking(
        serviceId = serviceId,
        groupOfServiceId = groupOfServiceId,
        timeMs = time?.milliseconds(),
        customer = customer?.toNative(),
        options = options?.toString(),
        location = location?.let { NativeLocation(it.lat, it.lng) },
    )

    override fun toString(): String = "BookTicketRequest(serviceId=$serviceId, groupOfServiceId=$groupOfServiceId, time=$time)"

    /** Creates requests. */
    public companion object {
        /**
         * A walk-in, which joins the queue of a service now. Without a customer, a booking whose
         * response is lost cannot be recovered.
         */
        @JvmStatic
        @JvmOverloads
        public fun walkIn(
            serviceId: String,
            groupOfServiceId: String,
            customer: CustomerRef? = null,
            options: JsonValue? = null,
            location: Location? = null,
        ): BookTicketRequest = BookTicketRequest(serviceId, groupOfServiceId, null, customer, options, location)

        /** An appointment for a customer at a time from [Slot.time]. */
        @JvmStatic
        @JvmOverloads
        public fun appointment(
            serviceId: String,
            groupOfServiceId: String,
            time: Instant,
            customer: CustomerRef,
            options: JsonValue? = null,
            location: Location? = null,
        ): BookTicketRequest = BookTicketRequest(serviceId, groupOfServiceId, time, customer, options, location)
    }
}

internal fun NativeTicket.toTicket() = Ticket(
    id = id,
    ticketNumber = ticketNumber,
    status = TicketStatus.of(status),
    statusAt = Instant.ofEpochMilli(statusAtMs),
    type = TicketType.of(ticketType),
    time = timeMs?.let(Instant::ofEpochMilli),
    branch = branch.toNamedRef(),
    service = service.toNamedRef(),
    groupOfService = groupOfService.toNamedRef(),
    customer = customer?.let { TicketCustomer(it.id, it.name) },
    bookedAt = Instant.ofEpochMilli(bookedAtMs),
    queueSize = queueSize?.toInt(),
    waitingTime = waitingTime?.toInt(),
)

private fun NativeNamedRef.toNamedRef() = NamedRef(id, name)

/**
 * Milliseconds since 1970. An instant that does not fit becomes a value that the library rejects.
 */
internal fun Instant.milliseconds(): Long = try {
    toEpochMilli()
} catch (_: ArithmeticException) {
    if (epochSecond < 0) Long.MIN_VALUE else Long.MAX_VALUE
}
