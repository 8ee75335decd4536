import Foundation
internal import SkiplinoNative

/// Tickets: walk-ins and appointments. See ``SkiplinoClient/tickets``.
public struct Tickets: Sendable {
    let client: SkiplinoClient

    /// Books a ticket (operation 4, `POST /tickets/book`): a walk-in joins the queue at once, an appointment takes a place in a slot.
    ///
    /// A booking is never sent a second time when it may have arrived. For a customer, their newest tickets are read before it
    /// (operation 13), and if its answer is lost they are read again until its ticket is found (``ResponseInfo/isRecovered``).
    ///
    /// - Throws: ``SkiplinoError/Kind/rejected`` with a localised reason when a business rule forbids it;
    ///   ``SkiplinoError/Kind/validation``. ``SkiplinoError/Kind/outcomeUnknown`` when the answer was lost and the ticket was not found,
    ///   cannot be told from others, or was for nobody: booking again could make a second one.
    public func book(_ request: BookTicketRequest, options: CallOptions = .standard) async throws(SkiplinoError) -> Ticket {
        let booking = try NativeBooking(request)
        return Ticket(try await client.call(options) { try await $0.bookTicket(booking: booking, options: $1, cancel: $2) })
    }

    /// A ticket as it is now (operation 5, `GET /tickets/{id}`).
    public func get(_ ticket: Ticket.ID, options: CallOptions = .standard) async throws(SkiplinoError) -> Ticket {
        Ticket(try await client.call(options) { try await $0.getTicket(ticketId: ticket.rawValue, options: $1, cancel: $2) })
    }

    /// Follows a ticket: its state now, and again each time that it changes, until it is served or cancelled.
    ///
    /// ```swift
    /// for try await ticket in client.tickets.watch(booked.id) {
    ///     print(ticket.status, ticket.queueSize ?? 0, "ahead")
    /// }
    /// ```
    ///
    /// It is looked at (operation 5) at the pace of its queue: often at the front, seldom far from it; an appointment by the time that
    /// is left. Loops over one ticket share their looks. Failures of the network or the server are ridden out, a hotel's login page in
    /// place of the answer included.
    ///
    /// - Parameters:
    ///   - ticket: Which one.
    ///   - min: The shortest pause between two looks, near the front of the queue: 2 s unless set.
    ///   - max: The longest pause: 30 s unless set.
    ///   - giveUpAfter: How long failures are ridden out before the loop ends with the last of them: 10 minutes unless set.
    ///   - options: Language and deadline of each look. What is tried again, and when, is the watch's own.
    /// - Returns: What to loop over; nothing is asked for before.
    public func watch(
        _ ticket: Ticket.ID, min: Duration? = nil, max: Duration? = nil, giveUpAfter: Duration? = nil, options: CallOptions = .standard
    ) -> TicketChanges {
        let pace = WatchOptions(
            minMs: min?.milliseconds, maxMs: max?.milliseconds, giveUpAfterMs: giveUpAfter?.milliseconds)
        return TicketChanges { [native = client.native, call = client.callOptions(options)] () throws(SkiplinoError) in
            try rethrowing { try native.watchTicket(ticketId: ticket.rawValue, options: pace, call: call) }
        }
    }

    /// Cancels a ticket that is waiting or upcoming (operation 6, `POST /tickets/{id}/cancel`), and gives its new state. If the answer
    /// is lost, the ticket is looked at, and cancelled again only if it is not.
    ///
    /// - Throws: ``SkiplinoError/Kind/conflict`` in any other state, cancelled included; ``SkiplinoError/Kind/validation`` for an
    ///   unknown ticket.
    @discardableResult
    public func cancel(_ ticket: Ticket.ID, options: CallOptions = .standard) async throws(SkiplinoError) -> Ticket {
        Ticket(try await client.call(options) { try await $0.cancelTicket(ticketId: ticket.rawValue, options: $1, cancel: $2) })
    }

    /// Moves a waiting appointment to another slot (operation 7, `POST /tickets/{id}/change-time`). If the answer is lost, the ticket
    /// is looked at, and moved again only if its time is another.
    ///
    /// - Parameters:
    ///   - ticket: Which one.
    ///   - time: A ``Slot/time``.
    ///   - customer: Whose ticket it is.
    ///   - options: What differs for this call.
    /// - Returns: The ticket with its new time.
    /// - Throws: ``SkiplinoError/Kind/validation`` for a walk-in or another state; ``SkiplinoError/Kind/notFound`` when the ticket
    ///   cannot be resolved after the change.
    @discardableResult
    public func reschedule(
        _ ticket: Ticket.ID, to time: Date, for customer: CustomerRef, options: CallOptions = .standard
    ) async throws(SkiplinoError) -> Ticket {
        let answer = try await client.call(options) {
            try await $0.rescheduleTicket(
                ticketId: ticket.rawValue, timeMs: time.milliseconds, customer: NativeCustomerRef(customer), options: $1, cancel: $2)
        }
        return Ticket(answer)
    }
}
