import Foundation

/// Why a call failed. Every operation throws it, and nothing else.
///
/// ```swift
/// do {
///     ticket = try await client.tickets.book(request)
/// } catch {
///     switch error.kind {
///     case .rejected: show(error.reason ?? error.localizedDescription)  // in the customer's language
///     case .connect: showOffline()
///     case .outcomeUnknown: showAskAtTheBranch()
///     default: show(error.localizedDescription)
///     }
/// }
/// ```
///
/// Its description is one line for a person. It never holds a key or the values of a customer's record.
public struct SkiplinoError: Error, Sendable, Hashable {
    /// What went wrong, as far as a program would act on it. The raw values are the same in every language of this SDK.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Refused here, before anything was sent; ``SkiplinoError/fields`` names the input.
        case invalidRequest = "InvalidRequest"
        /// The operation needs a secret key and the client holds a public one. Refused here, before anything was sent.
        case secretKeyRequired = "SecretKeyRequired"
        /// 401: the key is missing, unknown or of the wrong class.
        case unauthorized = "Unauthorized"
        /// 400: a business rule forbids it; ``SkiplinoError/reason`` has the localised text.
        case rejected = "Rejected"
        /// 404.
        case notFound = "NotFound"
        /// 409: the ticket's state forbids it. Final.
        case conflict = "Conflict"
        /// 422: ``SkiplinoError/fields`` has the reasons field by field.
        case validation = "Validation"
        /// 429: too many requests; ``SkiplinoError/retryAfter`` says for how long to wait, if the server did.
        case rateLimited = "RateLimited"
        /// 5xx.
        case server = "Server"
        /// Any other status, redirects included.
        case unexpectedStatus = "UnexpectedStatus"
        /// A success whose body cannot be read; ``SkiplinoError/path`` has the JSON path. The login page of a hotel's network, too.
        case decode = "Decode"
        /// Name look-up, connection or TLS failed: nothing was sent. What a device without a network gets, at once.
        case connect = "Connect"
        /// The connection was lost after sending began.
        case transport = "Transport"
        /// A deadline passed; ``SkiplinoError/timeout`` says which.
        case timeout = "Timeout"
        /// A write that may have happened, and that could not be found out about. The text says what was tried, and where to look
        /// before it is made again.
        case outcomeUnknown = "OutcomeUnknown"
        /// The task was cancelled. ``SkiplinoError/outcome`` says what is known of a write.
        case cancelled = "Cancelled"
        /// The client was closed.
        case closed = "Closed"
        /// A bug of this library.
        case `internal` = "Internal"
    }

    /// What a failed call did to the server's state.
    public enum Outcome: String, Sendable, Hashable {
        /// Nothing: it never arrived, was refused, or only reads.
        case notApplied = "NotApplied"
        /// A write that may have happened.
        case unknown = "Unknown"
    }

    /// Which deadline passed.
    public enum Timeout: String, Sendable, Hashable {
        /// Connecting, TLS included.
        case connect = "Connect"
        /// One attempt, from its start to the end of its answer.
        case attempt = "Attempt"
        /// The whole call, retries and pauses included.
        case call = "Call"
    }

    /// What went wrong.
    public let kind: Kind
    /// What it did to the server's state. Always ``Outcome/notApplied`` for a read.
    public let outcome: Outcome
    /// One line for a person.
    public let text: String
    /// The operation that failed, as the API's description names it (`bookTicket`); absent when a client could not even be made.
    public let operation: String?
    /// The HTTP status, whatever the body was; absent when no answer came.
    public let status: Int?
    /// The `message` of the server's envelope, as it came.
    public let serverMessage: String?
    /// The `error` of the server's envelope where it is a text (localised), or what was found wrong here.
    public let reason: String?
    /// Reasons by field: of a 422, and of input refused here.
    public let fields: [String: [String]]
    /// For ``Kind/decode``: where in the JSON, as in `data[0].createdAt`.
    public let path: String?
    /// How long the server asked to wait.
    public let retryAfter: Duration?
    /// For ``Kind/timeout``: which deadline passed.
    public let timeout: Timeout?
    /// How many attempts were made; 0 when it was refused here.
    public let attempts: Int
    /// Whether the same call may well succeed later. For a write look at ``outcome`` first.
    public let isRetryable: Bool
}

extension SkiplinoError: LocalizedError, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// One line for a person, in English; what the server gave as a reason is in the language that was asked for.
    public var errorDescription: String? { text }
    /// One line for a person.
    public var description: String { text }
    /// The kind, and one line for a person.
    public var debugDescription: String { "SkiplinoError(\(kind.rawValue), \(outcome.rawValue)): \(text)" }
    /// Kind and text only: fields and reasons may quote what people wrote.
    public var customMirror: Mirror { Mirror(self, children: ["kind": kind.rawValue, "outcome": outcome.rawValue, "text": text]) }
}

extension SkiplinoError {
    /// One that did not come from the core.
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
