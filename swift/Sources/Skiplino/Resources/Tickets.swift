// Tickets: operations 4 to 7, and watching a ticket.
import Foundation
internal import SkiplinoNative

/// Tickets: walk-ins and appointments. See ``SkiplinoClient/tickets``.
public struct Tickets: Sendable {
    let client: SkiplinoClient

    /// Books a ticket (operation 4, `POST /tickets/book`): a walk-in joins the queue at once, an
    /// appointment takes a place in a slot.
    ///
    /// The library never sends a booking twice if the server may have received it. For a booking
    /// with a customer, the library also reads the customer's newest tickets (operation 13), at the
    /// same time; if the response is lost, it reads them again until it finds the new ticket
    /// (``ResponseInfo/isRecovered``).
    ///
    /// - Throws: ``SkiplinoError/Kind/rejected`` with a localised reason if a business rule forbids
    ///   the booking; ``SkiplinoError/Kind/validation``. ``SkiplinoError/Kind/outcomeUnknown`` if
    ///   the response was lost and the ticket was not found, is ambiguous, or has no customer:
    ///   another try could book a second ticket.
    public func book(_ request: BookTicketRequest, options: CallOptions = .standard) async throws(SkiplinoError) -> Ticket {
        let booking = try NativeBooking(request)
        return Ticket(try await client.call(options) { try await $0.bookTicket(booking: booking, options: $1, cancel: $2) })
    }

    /// The current state of a ticket (operation 5, `GET /tickets/{id}`).
    public func get(_ ticket: Ticket.ID, options: CallOptions = .standard) async throws(SkiplinoError) -> Ticket {
        Ticket(try await client.call(options) { try await $0.getTicket(ticketId: ticket.rawValue, options: $1, cancel: $2) })
    }

    /// Watches a ticket: returns its current state, and its state after each change, until it is
    /// served or cancelled.
    ///
    /// ```swift
    /// for try await ticket in client.tickets.watch(booked.id) {
    ///     print(ticket.status, ticket.queueSize ?? 0, "ahead")
    /// }
    /// ```
    ///
    /// The loop polls the ticket (operation 5) more often the nearer it is to the front of its
    /// queue, or an appointment to its time. Loops over one ticket share polls. Failures of the
    /// network or the server are retried, including the login page of a captive portal in place of
    /// the response.
    ///
    /// - Parameters:
    ///   - ticket: The ticket.
    ///   - min: The minimum poll interval, used near the front of the queue; default: 2 s.
    ///   - max: The maximum poll interval; default: 30 s.
    ///   - giveUpAfter: How long to retry failures of the network or the server before the loop
    ///     throws the last one; default: 10 minutes.
    ///   - options: The language and deadline of each poll. The watch has its own retry policy.
    /// - Returns: The changes to loop over. They send no request before the loop.
    public func watch(
        _ ticket: Ticket.ID, min: Duration? = nil, max: Duration? = nil, giveUpAfter: Duration? = nil, options: CallOptions = .standard
    ) -> TicketChanges {
        let watchOptions = WatchOptions(
            minMs: min?.milliseconds, maxMs: max?.milliseconds, giveUpAfterMs: giveUpAfter?.milliseconds)
        return TicketChanges { [native = client.native, call = client.callOptions(options)] () throws(SkiplinoError) in
            try translatingErrors { try native.watchTicket(ticketId: ticket.rawValue, options: watchOptions, call: call) }
        }
    }

    /// Cancels a waiting or upcoming ticket (operation 6, `POST /tickets/{id}/cancel`) and returns
    /// its new state. If the response is lost, the library looks up the ticket and sends the
    /// request again only if the ticket is not cancelled.
    ///
    /// - Throws: ``SkiplinoError/Kind/conflict`` in any other state, including cancelled;
    ///   ``SkiplinoError/Kind/validation`` for an unknown ticket.
    @discardableResult
    public func cancel(_ ticket: Ticket.ID, options: CallOptions = .standard) async throws(SkiplinoError) -> Ticket {
        Ticket(try await client.call(options) { try await $0.cancelTicket(ticketId: ticket.rawValue, options: $1, cancel: $2) })
    }

    /// Moves a waiting appointment to another slot (operation 7, `POST /tickets/{id}/change-time`).
    /// If the response is lost, the library looks up the ticket and sends the request again only if
    /// the ticket does not have the new time.
    ///
    /// - Parameters:
    ///   - ticket: The ticket.
    ///   - time: The new time, a ``Slot/time``.
    ///   - customer: The customer of the ticket.
    ///   - options: The options of this call.
    /// - Returns: The ticket with its new time.
    /// - Throws: ``SkiplinoError/Kind/validation`` for a walk-in, or a ticket in another state;
    ///   ``SkiplinoError/Kind/notFound`` if the server cannot find the ticket after the change.
    @discardableResult
    public func reschedule(
        _ ticket: Ticket.ID, to time: Date, for customer: CustomerRef, options: CallOptions = .standard
    ) async throws(SkiplinoError) -> Ticket {
        let response = try await client.call(options) {
            try await $0.rescheduleTicket(
                ticketId: ticket.rawValue, timeMs: time.milliseconds, customer: NativeCustomerRef(customer), options: $1, cancel: $2)
        }
        return Ticket(response)
    }
}
