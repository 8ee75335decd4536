internal import SkiplinoNative

/// What the library tells of its work, for the app's own log.
///
/// ```swift
/// let logger = Logger(subsystem: "com.example.queue", category: "skiplino")
/// SkiplinoLog.setHandler(upTo: .debug) { level, line in logger.log("\(line)") }
/// ```
public enum SkiplinoLog {
    /// How much a line matters.
    public enum Level: Sendable, Hashable, CaseIterable {
        /// Something went wrong, and the library goes on by itself or says so to the caller: a retry, a rate limit, a write in doubt.
        case warn
        /// A call failed, or a lost answer was made good.
        case info
        /// Each attempt.
        case debug
    }

    /// Has everything that all clients tell go to a handler, on any thread; nowhere for `nil`.
    ///
    /// - Parameters:
    ///   - level: The least that matters.
    ///   - handler: Takes a line: what happened, and operation, attempt, kind of error, status, times. No keys, and nothing of customers.
    public static func setHandler(upTo level: Level = .info, _ handler: (@Sendable (Level, String) -> Void)?) {
        setLogSink(sink: handler.map(Sink.init), most: LogLevel(level))
    }
}

private final class Sink: LogSink {
    private let handler: @Sendable (SkiplinoLog.Level, String) -> Void

    init(_ handler: @escaping @Sendable (SkiplinoLog.Level, String) -> Void) {
        self.handler = handler
    }

    func log(level: LogLevel, line: String) {
        switch level {
        case .warn: handler(.warn, line)
        case .info: handler(.info, line)
        case .debug: handler(.debug, line)
        }
    }
}

extension LogLevel {
    fileprivate init(_ level: SkiplinoLog.Level) {
        self =
            switch level {
            case .warn: .warn
            case .info: .info
            case .debug: .debug
            }
    }
}
