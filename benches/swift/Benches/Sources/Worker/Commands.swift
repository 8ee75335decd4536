// The command loop of a benchmark worker, for the SDK and the generated client.
import Foundation

/// Runs the commands of `benches/worker.py`: a line with the work, the number of concurrent calls
/// and the number of all calls. Prints the duration in nanoseconds.
func serve(_ work: @escaping @Sendable (String) async throws -> Void) async throws {
    while let line = readLine() {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 3, let wide = Int(words[1]), let count = Int(words[2]) else { throw Failure.notACommand }
        let began = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<wide {
                group.addTask { for _ in 0..<((count + wide - 1) / wide) { try await work(words[0]) } }
            }
            try await group.waitForAll()
        }
        // `print` buffers lines for a pipe.
        try FileHandle.standardOutput.write(contentsOf: Data("\(Int(began.duration(to: .now) / .nanoseconds(1)))\n".utf8))
    }
}

enum Failure: Error {
    case notACommand
    case wrongAnswer
}
