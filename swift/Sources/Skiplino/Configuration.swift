import Foundation

extension SkiplinoClient {
    /// How a client works. What is `nil` has the default that is written with it.
    public struct Configuration: Sendable, Hashable {
        /// Where the API is, as in `https://host/external/v1`; the development environment's, the only one published, unless set.
        /// Plain `http://` is only taken to this machine.
        public var baseURL: URL?
        /// The language of names and reasons, where the server has a translation: a tag, as `en` or `ar-BH`. For the app's
        /// language switch see ``SkiplinoClient/withOptions(_:)``.
        public var locale: String?
        /// How long connecting may take, TLS included: 5 s unless set.
        public var connectTimeout: Duration?
        /// How long one attempt may take: 10 s unless set.
        public var attemptTimeout: Duration?
        /// How long a whole call may take, retries and pauses included: 30 s unless set.
        public var deadline: Duration?
        /// Attempts in all, the first one included: 3 unless set.
        public var maxAttempts: Int?
        /// The longest pause before the first retry: 250 ms unless set. Doubled for each one after it, and then drawn at random
        /// between nothing and that.
        public var backoff: Duration?
        /// The longest pause ever: 8 s unless set.
        public var maxBackoff: Duration?
        /// At most so many requests a second, evenly spaced; as many as there are unless set.
        public var requestsPerSecond: Double?
        /// The largest answer that is read, in bytes, unpacked: 16 MiB unless set.
        public var maxResponseBytes: Int?
        /// A proxy for all calls, as in `http://user:password@host:3128`.
        public var proxy: URL?
        /// Certificate authorities to trust beside the usual ones, as PEM text.
        public var rootCertificates: String?
        /// What the `User-Agent` ends with, as in `QueueApp/4.2`.
        public var userAgentSuffix: String?
        /// On iOS a secret key is refused, because whoever has the app can read it. This allows it all the same.
        public var allowsSecretKeyOnDevice = false

        /// The defaults, but for what is given.
        public init(baseURL: URL? = nil, locale: String? = nil) {
            self.baseURL = baseURL
            self.locale = locale
        }
    }
}

/// What a key opens.
public enum KeyClass: Sendable, Hashable {
    /// All but the customer directory. What belongs into an app.
    case `public`
    /// The customer directory, too.
    case secret
}

/// What may differ from the client's settings for one call. What is `nil` is as the client has it.
public struct CallOptions: Sendable, Hashable {
    /// The language of names and reasons; empty for the server's default.
    public var locale: String?
    /// How long the whole call may take, retries and pauses included.
    public var deadline: Duration?
    /// Attempts in all, the first one included.
    public var maxAttempts: Int?

    /// The client's settings, but for what is given.
    public init(locale: String? = nil, deadline: Duration? = nil, maxAttempts: Int? = nil) {
        self.locale = locale
        self.deadline = deadline
        self.maxAttempts = maxAttempts
    }

    /// As the client has it.
    public static let standard = CallOptions()

    /// These, and those of the base where these say nothing.
    func over(_ base: CallOptions) -> CallOptions {
        CallOptions(locale: locale ?? base.locale, deadline: deadline ?? base.deadline, maxAttempts: maxAttempts ?? base.maxAttempts)
    }
}

/// What came with an operation's data.
public struct ResponseInfo: Sendable, Hashable {
    /// The HTTP status.
    public let status: Int
    /// The envelope's `message`, as in `Ticket booked successfully.`
    public let message: String?
    /// How many attempts it took.
    public let attempts: Int
    /// Whether a write's own answer was lost and its effect was found by looking. Message, status and headers are then those of the
    /// read that found it.
    public let isRecovered: Bool
    /// The headers of the answer, by their names in small letters.
    public let headers: [String: String]
}

/// The data of an operation, and what came with it. See ``SkiplinoClient/withResponse(isolation:_:)``.
public struct Response<Value: Sendable>: Sendable {
    /// The operation's data.
    public let value: Value
    /// What came with it.
    public let info: ResponseInfo
}
