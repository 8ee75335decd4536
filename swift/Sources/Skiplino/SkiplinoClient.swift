import Foundation
internal import SkiplinoNative

/// A client of the Skiplino External API: queues, tickets, appointments and customers.
///
/// ```swift
/// let client = try SkiplinoClient(apiKey: "pk_…")
/// for branch in try await client.branches.list() where branch.isOpen {
///     print(branch.name)
/// }
/// ```
///
/// One for the whole app: all tasks may use it at the same time, and share its connections and limits. What it holds is freed with it,
/// or with ``close()`` before. Every operation is `async`, throws ``SkiplinoError`` and nothing else, and ends within 100 ms when its
/// task is cancelled.
public final class SkiplinoClient: Sendable {
    let native: NativeClient
    private let defaults: CallOptions
    private let heard: Heard?

    /// Makes a client. Nothing is sent.
    ///
    /// - Parameters:
    ///   - apiKey: A *public* key: whoever has an app can read what is in it. On iOS a secret one is refused.
    ///   - configuration: Where the API is, the language of names, limits.
    /// - Throws: ``SkiplinoError/Kind/invalidRequest``, naming the setting that cannot be.
    public init(apiKey: String, configuration: Configuration = Configuration()) throws(SkiplinoError) {
        native = try rethrowing { try NativeClient(apiKey: apiKey, settings: ClientSettings(configuration)) }
        defaults = .standard
        heard = nil
    }

    /// The same client with other defaults, or with an ear for what comes with its answers.
    private init(_ client: SkiplinoClient, defaults: CallOptions? = nil, heard: Heard? = nil) {
        native = client.native
        self.defaults = defaults ?? client.defaults
        self.heard = heard ?? client.heard
    }

    /// Branches and their services.
    public var branches: Branches { Branches(client: self) }

    /// Services and their appointment slots.
    public var services: Services { Services(client: self) }

    /// Tickets: walk-ins and appointments.
    public var tickets: Tickets { Tickets(client: self) }

    /// The customer directory.
    public var customers: Customers { Customers(client: self) }

    /// What its key opens.
    public var keyClass: KeyClass { native.keyClass() == .secret ? .secret : .public }

    /// Whether ``close()`` was called.
    public var isClosed: Bool { native.isClosed() }

    /// Ends what is under way, which fails with ``SkiplinoError/Kind/closed``, as everything does that is called afterwards, and frees
    /// the connections. Twice is as good as once.
    public func close() {
        native.shutDown()
    }

    /// The same client with other options of its calls, as after the customer chose another language:
    ///
    /// ```swift
    /// let inArabic = client.withOptions(CallOptions(locale: "ar"))
    /// ```
    ///
    /// It shares connections and limits with this one, and closing either closes both.
    public func withOptions(_ options: CallOptions) -> SkiplinoClient {
        SkiplinoClient(self, defaults: options.over(defaults))
    }

    /// Makes a call and gives what came with its answer, too: how many attempts it took, and whether a write's own answer was lost and
    /// its effect found by looking.
    ///
    /// ```swift
    /// let booked = try await client.withResponse { try await $0.tickets.book(request) }
    /// print(booked.value.ticketNumber, booked.info.attempts, booked.info.isRecovered)
    /// ```
    ///
    /// - Parameters:
    ///   - isolation: Where it is called from; there it stays.
    ///   - call: One call of the client that it is handed; of several the last one counts.
    /// - Returns: What the call gave, and what came with its answer.
    /// - Throws: What the call throws.
    public func withResponse<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ call: (SkiplinoClient) async throws -> Value
    ) async throws -> Response<Value> {
        let heard = Heard()
        let value = try await call(SkiplinoClient(self, heard: heard))
        guard let info = heard.last else {
            throw SkiplinoError(.invalidRequest, .notApplied, "invalid input: withResponse: made no call of the client that it was handed")
        }
        return Response(value: value, info: info)
    }
}

extension SkiplinoClient {
    /// Makes a call of the core: cancelling the task ends it, and what came with its answer is heard.
    func call<Answer: NativeAnswer>(
        _ options: CallOptions, _ work: (NativeClient, NativeCallOptions, CancelHandle) async throws -> Answer
    ) async throws(SkiplinoError) -> Answer.Content {
        let answer = try await cancellable { try await work(native, callOptions(options), $0) }
        heard?.note(answer.info)
        return answer.data
    }

    /// What differs for a call, this client's defaults included.
    func callOptions(_ options: CallOptions) -> NativeCallOptions {
        let options = options.over(defaults)
        return NativeCallOptions(
            locale: options.locale, deadlineMs: options.deadline?.milliseconds, maxAttempts: options.maxAttempts.map(Int64.init))
    }
}

/// Does work of the core, which the handle ends as soon as the task is cancelled.
func cancellable<Answer>(_ work: (CancelHandle) async throws -> Answer) async throws(SkiplinoError) -> Answer {
    do {
        let handle = CancelHandle()
        return try await withTaskCancellationHandler {
            try await work(handle)
        } onCancel: {
            handle.cancel()
        }
    } catch {
        throw SkiplinoError(error)
    }
}

/// Calls the core, whose errors become this package's.
func rethrowing<Answer>(_ work: () throws -> Answer) throws(SkiplinoError) -> Answer {
    do {
        return try work()
    } catch {
        throw SkiplinoError(error)
    }
}

/// What came with the last answer.
private final class Heard: @unchecked Sendable {
    private let lock = NSLock()
    private var info: SkiplinoNative.ResponseInfo?

    func note(_ info: SkiplinoNative.ResponseInfo) {
        lock.withLock { self.info = info }
    }

    var last: ResponseInfo? {
        lock.withLock { info }.map(ResponseInfo.init)
    }
}
