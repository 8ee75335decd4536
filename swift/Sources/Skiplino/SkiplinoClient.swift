// The client.
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
/// Create one client for the whole app: all tasks may use it at the same time and share its
/// connections and rate limits. The client frees them when it is released or closed (``close()``).
/// Operations are `async`, throw only ``SkiplinoError``, and end within 100 ms when their task is
/// cancelled.
public final class SkiplinoClient: Sendable {
    let native: NativeClient
    private let defaults: CallOptions
    private let recorder: ResponseRecorder?

    /// Creates a client. Sends nothing.
    ///
    /// - Parameters:
    ///   - apiKey: A *public* key, because users can extract it from the app. On iOS a secret key
    ///     is rejected.
    ///   - configuration: Base URL, language, timeouts and limits.
    /// - Throws: ``SkiplinoError/Kind/invalidRequest``, which names the invalid setting.
    public init(apiKey: String, configuration: Configuration = Configuration()) throws(SkiplinoError) {
        native = try translatingErrors { try NativeClient(apiKey: apiKey, settings: ClientSettings(configuration)) }
        defaults = .standard
        recorder = nil
    }

    /// The same client with other defaults, or with a recorder for response metadata.
    private init(_ client: SkiplinoClient, defaults: CallOptions? = nil, recorder: ResponseRecorder? = nil) {
        native = client.native
        self.defaults = defaults ?? client.defaults
        self.recorder = recorder ?? client.recorder
    }

    /// Branches and their services.
    public var branches: Branches { Branches(client: self) }

    /// Services and their appointment slots.
    public var services: Services { Services(client: self) }

    /// Tickets: walk-ins and appointments.
    public var tickets: Tickets { Tickets(client: self) }

    /// The customer directory.
    public var customers: Customers { Customers(client: self) }

    /// Whether the client's key is public or secret.
    public var keyClass: KeyClass { native.keyClass() == .secret ? .secret : .public }

    /// Whether ``close()`` was called.
    public var isClosed: Bool { native.isClosed() }

    /// Opens the connections of the next calls, so that the first call costs one round trip, and
    /// not also those of TCP and TLS. Finds a wrong key or address when the app starts.
    ///
    /// Lists the branches (operation 1, which every key may do) twice at the same time: a booking
    /// for a customer uses two connections. A connection without a request stays open for 50
    /// seconds.
    ///
    /// - Throws: ``SkiplinoError/Kind/unauthorized`` for a wrong key.
    public func warmUp(options: CallOptions = .standard) async throws(SkiplinoError) {
        try await call(options) { try await $0.warmUp(options: $1, cancel: $2) }
    }

    /// Closes the client and its connections. Calls in flight and later calls fail with
    /// ``SkiplinoError/Kind/closed``. A second call does nothing.
    public func close() {
        native.shutDown()
    }

    /// This client with other default options, for example after the user chose another language:
    ///
    /// ```swift
    /// let inArabic = client.withOptions(CallOptions(locale: "ar"))
    /// ```
    ///
    /// Both share connections and rate limits, and closing one closes both.
    public func withOptions(_ options: CallOptions) -> SkiplinoClient {
        SkiplinoClient(self, defaults: options.over(defaults))
    }

    /// Makes a call and returns its value with the metadata of the response, such as the number of
    /// attempts, and whether a lost response was recovered.
    ///
    /// ```swift
    /// let booked = try await client.withResponse { try await $0.tickets.book(request) }
    /// print(booked.value.ticketNumber, booked.info.attempts, booked.info.isRecovered)
    /// ```
    ///
    /// - Parameters:
    ///   - isolation: The actor of the caller, on which the call runs.
    ///   - call: Makes one call of the client that it receives. After several calls, the metadata
    ///     is that of the last call.
    /// - Returns: The value of the call and the metadata of the response.
    /// - Throws: The error of the call.
    public func withResponse<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ call: (SkiplinoClient) async throws -> Value
    ) async throws -> Response<Value> {
        let recorder = ResponseRecorder()
        let value = try await call(SkiplinoClient(self, recorder: recorder))
        guard let info = recorder.last else {
            throw SkiplinoError(.invalidRequest, .notApplied, "invalid input: withResponse: the closure made no call of its client")
        }
        return Response(value: value, info: info)
    }
}

extension SkiplinoClient {
    /// Makes a call of the native library. Cancelling the task cancels the call.
    func call<Output: NativeResponse>(
        _ options: CallOptions, _ work: (NativeClient, NativeCallOptions, CancelHandle) async throws -> Output
    ) async throws(SkiplinoError) -> Output.Content {
        let response = try await cancellable { try await work(native, callOptions(options), $0) }
        recorder?.record(response.info)
        return response.data
    }

    /// The options of a call, including this client's defaults.
    func callOptions(_ options: CallOptions) -> NativeCallOptions {
        let options = options.over(defaults)
        return NativeCallOptions(
            locale: options.locale, deadlineMs: options.deadline?.milliseconds, maxAttempts: options.maxAttempts.map(Int64.init))
    }
}

/// Runs work of the native library, which the handle cancels as soon as the task is cancelled.
func cancellable<Output>(_ work: (CancelHandle) async throws -> Output) async throws(SkiplinoError) -> Output {
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

/// Calls the native library and turns its errors into errors of this package.
func translatingErrors<Output>(_ work: () throws -> Output) throws(SkiplinoError) -> Output {
    do {
        return try work()
    } catch {
        throw SkiplinoError(error)
    }
}

/// The metadata of the last response.
private final class ResponseRecorder: @unchecked Sendable {
    private let lock = NSLock()
    private var info: SkiplinoNative.ResponseInfo?

    func record(_ info: SkiplinoNative.ResponseInfo) {
        lock.withLock { self.info = info }
    }

    var last: ResponseInfo? {
        lock.withLock { info }.map(ResponseInfo.init)
    }
}
