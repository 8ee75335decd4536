// Typed ids and customer references.
/// A typed id such as ``Branch/ID`` or ``Ticket/ID``, so that a branch's id cannot be used as a
/// ticket's.
///
/// The text is not checked here; a call with an empty id fails before anything is sent. A string
/// literal is an id, too:
///
/// ```swift
/// let ticket = try await client.tickets.get("k7m2p9x4q1")
/// ```
public struct ID<Subject>: RawRepresentable, Sendable, Hashable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The id as text.
    public let rawValue: String

    /// Creates an id from its text.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Creates an id from its text.
    public init(_ text: String) {
        self.init(rawValue: text)
    }

    /// Creates an id from a string literal.
    public init(stringLiteral text: String) {
        self.init(rawValue: text)
    }

    /// The id as text.
    public var description: String { rawValue }
}

/// Identifies a customer by the server's id or by your external id.
public enum CustomerRef: Sendable, Hashable {
    /// The server's id (`_id`).
    case id(Customer.ID)
    /// By the external id (`externalId`), which you chose.
    case externalID(String)
}
