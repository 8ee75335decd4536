// The changes of a watched ticket, as an async sequence.
import Foundation
internal import SkiplinoNative

/// The changes of a ticket, starting with its current state, until it is served or cancelled. See
/// ``Tickets/watch(_:min:max:giveUpAfter:options:)``.
///
/// Leaving the loop stops the requests. Cancelling its task stops them too and ends the loop with
/// ``SkiplinoError/Kind/cancelled``; a loop that ends without an error has reached the end of the
/// ticket. Each loop returns the current state first.
public struct TicketChanges: AsyncSequence, Sendable {
    /// The ticket after a change.
    public typealias Element = Ticket

    let startWatch: @Sendable () throws(SkiplinoError) -> NativeTicketWatch

    init(_ startWatch: @escaping @Sendable () throws(SkiplinoError) -> NativeTicketWatch) {
        self.startWatch = startWatch
    }

    /// Starts to watch the ticket.
    public func makeAsyncIterator() -> Iterator {
        Iterator(startWatch)
    }

    /// Waits for one change after another.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private let startWatch: @Sendable () throws(SkiplinoError) -> NativeTicketWatch
        // Released at the end, which ends the requests.
        private var watch: NativeTicketWatch?
        private var isOver = false

        fileprivate init(_ startWatch: @escaping @Sendable () throws(SkiplinoError) -> NativeTicketWatch) {
            self.startWatch = startWatch
        }

        /// The next change, or `nil` after the last. Throws ``SkiplinoError``, which ends the loop.
        public mutating func next() async throws -> Ticket? {
            if isOver { return nil }
            // Reset below if there is a change.
            isOver = true
            let watch = try self.watch ?? startWatch()
            self.watch = nil
            guard let ticket = try await cancellable({ try await watch.next(cancel: $0) }) else { return nil }
            (self.watch, isOver) = (watch, false)
            return Ticket(ticket)
        }
    }
}
