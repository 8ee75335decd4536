package com.skiplino

import com.skiplino.internal.NativeBooking
import com.skiplino.internal.NativeLocation
import com.skiplino.internal.NativeNamedRef
import com.skiplino.internal.NativeTicket
import java.time.Instant

/** Where a ticket stands. The set is open: the API may add to it, and what this version does not know is [Unknown]. */
public sealed class TicketStatus(
    /** The value as the API writes it. */
    public val value: String,
) {
    /** In the queue. */
    public object Waiting : TicketStatus("waiting")

    /** An appointment whose time has not come. */
    public object Upcoming : TicketStatus("upcoming")

    /** At the counter. */
    public object Serving : TicketStatus("serving")

    /** Done. */
    public object Served : TicketStatus("served")

    /** Given up, by the customer or the staff. */
    public object Cancelled : TicketStatus("cancelled")

    /** A value that this version does not know, as it came. */
    public class Unknown internal constructor(value: String) : TicketStatus(value)

    final override fun toString(): String = value

    final override fun equals(other: Any?): Boolean = other is TicketStatus && other.value == value

    final override fun hashCode(): Int = value.hashCode()

    /** Makes statuses of texts. */
    public companion object {
        // Not a field: they are its siblings, and may not be there yet when it is.
        private fun known() = listOf(Waiting, Upcoming, Serving, Served, Cancelled)

        /** The status that the API writes so. */
        @JvmStatic
        public fun of(value: String): TicketStatus = known().firstOrNull { it.value == value } ?: Unknown(value)
    }
}

/** How a ticket came to be. The set is open: the API may add to it, and what this version does not know is [Unknown]. */
public sealed class TicketType(
    /** The value as the API writes it. */
    public val value: String,
) {
    /** A walk-in, numbered in the order of the queue. */
    public object Sequential : TicketType("sequential")

    /** Booked for a time. */
    public object Appointment : TicketType("appointment")

    /** A value that this version does not know, as it came. */
    public class Unknown internal constructor(value: String) : TicketType(value)

    final override fun toString(): String = value

    final override fun equals(other: Any?): Boolean = other is TicketType && other.value == value

    final override fun hashCode(): Int = value.hashCode()

    /** Makes types of texts. */
    public companion object {
        private fun known() = listOf(Sequential, Appointment)

        /** The type that the API writes so. */
        @JvmStatic
        public fun of(value: String): TicketType = known().firstOrNull { it.value == value } ?: Unknown(value)
    }
}

/** The id and the localised name of something that a ticket is about. */
public data class NamedRef(
    /** Its id. */
    public val id: String,
    /** Its name. */
    public val name: String,
)

/** The customer of a ticket. */
public data class TicketCustomer(
    /** The customer's id. */
    public val id: String,
    /** The customer's name, if there is one. */
    public val name: String?,
) {
    /** Without the name, so that it does not end in a log. */
    override fun toString(): String = "TicketCustomer(id=$id)"
}

/** A ticket. */
public data class Ticket(
    /** The ticket's id. */
    public val id: String,
    /** The number that is called, as in `A042`. */
    public val ticketNumber: String,
    /** Where it stands. */
    public val status: TicketStatus,
    /** Since when it stands there. */
    public val statusAt: Instant,
    /** Walk-in or appointment. */
    public val type: TicketType,
    /** The appointment's time; null for a walk-in. */
    public val time: Instant?,
    /** Where it was booked. */
    public val branch: NamedRef,
    /** What it was booked for. */
    public val service: NamedRef,
    /** The group of that service. */
    public val groupOfService: NamedRef,
    /** For whom; null for an anonymous walk-in. */
    public val customer: TicketCustomer?,
    /** When it was booked. */
    public val bookedAt: Instant,
    /** People ahead, while it is waiting; may be null even then. */
    public val queueSize: Int?,
    /** Minutes to wait, rounded, while it is waiting; may be null even then. */
    public val waitingTime: Int?,
)

/** Where a customer is. */
public data class Location(
    /** Degrees north, from -90 to 90. */
    public val lat: Double,
    /** Degrees east, from -180 to 180. */
    public val lng: Double,
)

/** What to book: see [walkIn] and [appointment]. */
public class BookTicketRequest private constructor(
    /** The service. */
    public val serviceId: String,
    /** Its group. */
    public val groupOfServiceId: String,
    /** The appointment's time; null for a walk-in. */
    public val time: Instant?,
    /** For whom. */
    public val customer: CustomerRef?,
    /** What the service asks for, an object, as in `{"accountType": "savings"}`. */
    public val options: JsonValue?,
    /** Where the customer is. */
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

    /** Makes requests, one way for each mode. */
    public companion object {
        /** Joins the queue of a service now. Without a customer a booking whose answer is lost cannot be looked for. */
        @JvmStatic
        @JvmOverloads
        public fun walkIn(
            serviceId: String,
            groupOfServiceId: String,
            customer: CustomerRef? = null,
            options: JsonValue? = null,
            location: Location? = null,
        ): BookTicketRequest = BookTicketRequest(serviceId, groupOfServiceId, null, customer, options, location)

        /** Takes a place in a slot of a service, at a time from [Slot.time], for a customer. */
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

/** Milliseconds since 1970; what they cannot hold is out of range for the library, too. */
internal fun Instant.milliseconds(): Long = try {
    toEpochMilli()
} catch (_: ArithmeticException) {
    if (epochSecond < 0) Long.MIN_VALUE else Long.MAX_VALUE
}
