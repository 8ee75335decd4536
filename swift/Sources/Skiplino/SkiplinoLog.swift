// Logging.
internal import SkiplinoNative

/// Sends the library's log lines to the app's own log.
///
/// ```swift
/// let logger = Logger(subsystem: "com.example.queue", category: "skiplino")
/// SkiplinoLog.setHandler(upTo: .debug) { level, line in logger.log("\(line)") }
/// ```
public enum SkiplinoLog {
    /// The importance of a log line.
    public enum Level: Sendable, Hashable, CaseIterable {
        /// The library recovers by itself or reports the failure to the caller: a retry, a rate
        /// limit, an unknown outcome.
        case warn
        /// A call failed, or a lost response was recovered.
        case info
        /// Each attempt.
        case debug
    }

    /// Sends the log lines of all clients to a handler; `nil` turns logging off.
    ///
    /// The handler runs on the library's thread, which makes the calls of all clients. So it should
    /// return soon, and must not block until a call has ended, as with a semaphore: no call would
    /// continue. It may start a `Task` that makes calls.
    ///
    /// - Parameters:
    ///   - level: The least important level to log.
    ///   - handler: Receives a line: the event with operation, attempt, kind of error, status and
    ///     duration, without keys or customer data.
    public static func setHandler(upTo level: Level = .info, _ handler: (@Sendable (Level, String) -> Void)?) {
        setLogSink(sink: handler.map(Sink.init), maxLevel: LogLevel(level))
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
