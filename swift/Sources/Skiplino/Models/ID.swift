/// The id of something, so that a branch's cannot be handed where a ticket's is asked for: ``Branch/ID``, ``Ticket/ID`` and so on.
///
/// Taken as it comes: a call that gets an empty one is refused before anything is sent. A literal is one, too:
///
/// ```swift
/// let ticket = try await client.tickets.get("k7m2p9x4q1")
/// ```
public struct ID<Subject>: RawRepresentable, Sendable, Hashable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The id as text.
    public let rawValue: String

    /// An id from its text.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// An id from its text.
    public init(_ text: String) {
        self.init(rawValue: text)
    }

    /// An id as it stands in a program.
    public init(stringLiteral text: String) {
        self.init(rawValue: text)
    }

    /// The id as text.
    public var description: String { rawValue }
}

/// Whom an operation is about: exactly one of the server's id and your own.
public enum CustomerRef: Sendable, Hashable {
    /// The server's id (`_id`).
    case id(Customer.ID)
    /// Your own id (`externalId`).
    case externalID(String)
}
