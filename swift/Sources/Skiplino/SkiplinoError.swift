// The error of all operations.
import Foundation

/// The error of a failed call. Operations throw no other error.
///
/// ```swift
/// do {
///     ticket = try await client.tickets.book(request)
/// } catch {
///     switch error.kind {
///     // The reason is in the customer's language.
///     case .rejected: show(error.reason ?? error.localizedDescription)
///     case .connect: showOffline()
///     case .outcomeUnknown: showAskAtTheBranch()
///     default: show(error.localizedDescription)
///     }
/// }
/// ```
///
/// The description is one line. It never has a key or a customer's data.
public struct SkiplinoError: Error, Sendable, Hashable {
    /// The kind of an error. The raw values are the same in every language of this SDK.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The input is invalid; ``SkiplinoError/fields`` names it. Nothing was sent.
        case invalidRequest = "InvalidRequest"
        /// The operation needs a secret key and the client has a public key. Nothing was sent.
        case secretKeyRequired = "SecretKeyRequired"
        /// Status 401 or 403: the key is missing, unknown or of the wrong kind.
        case unauthorized = "Unauthorized"
        /// Status 400: a business rule forbids the operation; ``SkiplinoError/reason`` has the
        /// localised text.
        case rejected = "Rejected"
        /// Status 404.
        case notFound = "NotFound"
        /// Status 409: the ticket's state forbids the operation. Do not retry.
        case conflict = "Conflict"
        /// Status 422: ``SkiplinoError/fields`` has the reasons by field.
        case validation = "Validation"
        /// Status 429: too many requests; ``SkiplinoError/retryAfter`` has the server's wait, if it
        /// sent one.
        case rateLimited = "RateLimited"
        /// Status 5xx.
        case server = "Server"
        /// Any other status, including redirects.
        case unexpectedStatus = "UnexpectedStatus"
        /// The body of a successful response cannot be decoded, for example the login page of a
        /// captive portal, or is about another record, or a list has fewer records than the server
        /// counts; ``SkiplinoError/path`` has the JSON path.
        case decode = "Decode"
        /// DNS, connecting or TLS failed, for example because the device is offline. Nothing was
        /// sent.
        case connect = "Connect"
        /// The connection was lost after the request was sent in part or in full.
        case transport = "Transport"
        /// A timeout expired; ``SkiplinoError/timeout`` says which.
        case timeout = "Timeout"
        /// A write may have been applied, and a lookup could not confirm or rule it out. The text
        /// says what to check before the write is made again.
        case outcomeUnknown = "OutcomeUnknown"
        /// The task was cancelled. ``SkiplinoError/outcome`` says whether a write may have been
        /// applied.
        case cancelled = "Cancelled"
        /// The client was closed.
        case closed = "Closed"
        /// A bug in this library.
        case `internal` = "Internal"
    }

    /// Whether a failed call may have changed the server's state.
    public enum Outcome: String, Sendable, Hashable {
        /// The call changed nothing: the server did not receive it, rejected it, or the call only
        /// reads.
        case notApplied = "NotApplied"
        /// The write may have been applied.
        case unknown = "Unknown"
    }

    /// Which timeout expired.
    public enum Timeout: String, Sendable, Hashable {
        /// Connecting, including TLS.
        case connect = "Connect"
        /// One attempt, until the end of its response.
        case attempt = "Attempt"
        /// The whole call, including retries and pauses.
        case call = "Call"
    }

    /// The kind of the error.
    public let kind: Kind
    /// Whether the call may have changed the server's state. Always ``Outcome/notApplied`` for a
    /// read.
    public let outcome: Outcome
    /// A one-line message.
    public let text: String
    /// The id of the operation, such as `bookTicket`; `nil` if the client could not be created.
    public let operation: String?
    /// The HTTP status, even if the body is invalid; `nil` without a response.
    public let status: Int?
    /// The `message` of the server's envelope, unchanged.
    public let serverMessage: String?
    /// The `error` of the server's envelope if it is text (localised), or the reason found by this
    /// library.
    public let reason: String?
    /// Reasons by field, for status 422 and for invalid input.
    public let fields: [String: [String]]
    /// For ``Kind/decode``: the path in the JSON, such as `data[0].createdAt`.
    public let path: String?
    /// The server's `Retry-After`.
    public let retryAfter: Duration?
    /// For ``Kind/timeout``: which timeout expired.
    public let timeout: Timeout?
    /// The number of attempts; 0 if nothing was sent.
    public let attempts: Int
    /// Whether the same call may succeed later. Before retrying a write, check ``outcome``.
    public let isRetryable: Bool
}

extension SkiplinoError: LocalizedError, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A one-line message in English; reasons of the server are in the requested language.
    public var errorDescription: String? { text }
    /// A one-line message.
    public var description: String { text }
    /// The kind and outcome with the message.
    public var debugDescription: String { "SkiplinoError(\(kind.rawValue), \(outcome.rawValue)): \(text)" }
    /// Omits fields and reasons, which may quote user input.
    public var customMirror: Mirror { Mirror(self, children: ["kind": kind.rawValue, "outcome": outcome.rawValue, "text": text]) }
}

extension SkiplinoError {
    /// Creates an error that did not come from the native library.
    init(_ kind: Kind, _ outcome: Outcome, _ text: String, fields: [String: [String]] = [:]) {
        self.kind = kind
        self.outcome = outcome
        self.text = text
        self.operation = nil
        self.status = nil
        self.serverMessage = nil
        self.reason = nil
        self.fields = fields
        self.path = nil
        self.retryAfter = nil
        self.timeout = nil
        self.attempts = 0
        self.isRetryable = false
    }
}
