import Foundation
internal import SkiplinoNative

/// The changes of a ticket, from its present state on, until it is served or cancelled. See ``Tickets/watch(_:min:max:giveUpAfter:options:)``.
///
/// Leaving the loop stops the requests, and so does cancelling its task, which ends the loop with ``SkiplinoError/Kind/cancelled``:
/// a loop that ends without an error is one whose ticket has reached its end. Every loop tells the present state first.
public struct TicketChanges: AsyncSequence, Sendable {
    /// What comes.
    public typealias Element = Ticket

    let begin: @Sendable () throws(SkiplinoError) -> TicketWatch

    init(_ begin: @escaping @Sendable () throws(SkiplinoError) -> TicketWatch) {
        self.begin = begin
    }

    /// Follows the ticket from now on.
    public func makeAsyncIterator() -> Iterator {
        Iterator(begin)
    }

    /// Tells one change after another.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private let begin: @Sendable () throws(SkiplinoError) -> TicketWatch
        // Let go of at the end, and with it the requests.
        private var watch: TicketWatch?
        private var isOver = false

        fileprivate init(_ begin: @escaping @Sendable () throws(SkiplinoError) -> TicketWatch) {
            self.begin = begin
        }

        /// Waits for the next change; none after the last. Throws ``SkiplinoError``, and is over then.
        public mutating func next() async throws -> Ticket? {
            if isOver { return nil }
            // Unless a change comes.
            isOver = true
            let watch = try self.watch ?? begin()
            self.watch = nil
            guard let ticket = try await cancellable({ try await watch.next(cancel: $0) }) else { return nil }
            (self.watch, isOver) = (watch, false)
            return Ticket(ticket)
        }
    }
}
