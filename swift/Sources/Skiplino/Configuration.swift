// Settings of clients and calls, and the metadata of responses.
import Foundation

extension SkiplinoClient {
    /// The settings of a client. A setting that is `nil` has its default.
    public struct Configuration: Sendable, Hashable {
        /// The base URL, such as `https://host/external/v1`; default: the development environment,
        /// the only published one. Must use https (http only for localhost).
        public var baseURL: URL?
        /// The language of names and error reasons, if the server has a translation: a tag such as
        /// `en` or `ar-BH`. To change the language of a running app, see
        /// ``SkiplinoClient/withOptions(_:)``.
        public var locale: String?
        /// The maximum duration of connecting, including TLS; default: 5 s.
        public var connectTimeout: Duration?
        /// The maximum duration of one attempt; default: 10 s.
        public var attemptTimeout: Duration?
        /// The maximum duration of a whole call, including retries and pauses; default: 30 s.
        public var deadline: Duration?
        /// The maximum number of attempts, including the first; default: 3.
        public var maxAttempts: Int?
        /// The maximum pause before the first retry, doubled before each further retry; default:
        /// 250 ms. The actual pause is random between zero and the maximum.
        public var backoff: Duration?
        /// The maximum pause before any retry; default: 8 s.
        public var maxBackoff: Duration?
        /// The rate limit in requests a second, evenly spaced, for all calls of the client
        /// together; default: none.
        public var requestsPerSecond: Double?
        /// The maximum size of a decompressed response body in bytes; default: 16 MiB.
        public var maxResponseBytes: Int?
        /// The proxy for all calls, such as `http://user:password@host:3128`.
        public var proxy: URL?
        /// Certificate authorities to trust in addition to Mozilla's, as PEM text.
        public var rootCertificates: String?
        /// The end of the `User-Agent` header, such as `QueueApp/4.2`.
        public var userAgentSuffix: String?
        /// Allows a secret key on iOS, where it is rejected by default because users can extract it
        /// from the app.
        public var allowsSecretKeyOnDevice = false

        /// Creates a configuration with these settings and defaults for all others.
        public init(baseURL: URL? = nil, locale: String? = nil) {
            self.baseURL = baseURL
            self.locale = locale
        }
    }
}

/// The permissions of an API key.
public enum KeyClass: Sendable, Hashable {
    /// For apps: grants access to all but the customer directory.
    case `public`
    /// For servers and operators: also grants access to the customer directory.
    case secret
}

/// Overrides the client's settings for one call. An option that is `nil` keeps the client's
/// setting.
public struct CallOptions: Sendable, Hashable {
    /// The language of names and error reasons; empty for the server's default.
    public var locale: String?
    /// The maximum duration of the whole call, including retries and pauses.
    public var deadline: Duration?
    /// The maximum number of attempts, including the first.
    public var maxAttempts: Int?

    /// Creates options; options that are `nil` keep the client's settings.
    public init(locale: String? = nil, deadline: Duration? = nil, maxAttempts: Int? = nil) {
        self.locale = locale
        self.deadline = deadline
        self.maxAttempts = maxAttempts
    }

    /// The client's settings.
    public static let standard = CallOptions()

    /// These options, with those of the base for every option that is `nil`.
    func over(_ base: CallOptions) -> CallOptions {
        CallOptions(locale: locale ?? base.locale, deadline: deadline ?? base.deadline, maxAttempts: maxAttempts ?? base.maxAttempts)
    }
}

/// The metadata of a response.
public struct ResponseInfo: Sendable, Hashable {
    /// The HTTP status.
    public let status: Int
    /// The envelope's `message`, such as `Ticket booked successfully.`
    public let message: String?
    /// The number of attempts.
    public let attempts: Int
    /// Whether the response to a write was lost and the write was confirmed by a lookup. Message,
    /// status and headers are then those of the lookup.
    public let isRecovered: Bool
    /// The headers of the response by name. Names are in lower case.
    public let headers: [String: String]
}

/// The data of an operation, with the metadata of its response. See
/// ``SkiplinoClient/withResponse(isolation:_:)``.
public struct Response<Value: Sendable>: Sendable {
    /// The data.
    public let value: Value
    /// The metadata of the response.
    public let info: ResponseInfo
}
