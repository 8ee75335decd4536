import Foundation
import Skiplino
import XCTest

/// A test on the shared sandbox, as new, and a client of it that is closed in the end.
class SandboxTestCase: XCTestCase {
    private var parts: (sandbox: Sandbox, client: SkiplinoClient)!

    var sandbox: Sandbox { parts.sandbox }
    var client: SkiplinoClient { parts.client }

    override func setUp() async throws {
        let sandbox = try Sandbox.shared.get()
        try await sandbox.reset()
        parts = (sandbox, try sandbox.client { $0.backoff = .milliseconds(1) })
    }

    override func tearDown() async throws {
        client.close()
    }

    /// A client of the customer directory.
    func directory() throws -> SkiplinoClient {
        try sandbox.client(sandbox.secretKey)
    }
}

/// Asks for the error that the work must end with.
func failure<Value>(of task: Task<Value, any Error>) async throws -> SkiplinoError {
    try await failure { _ = try await task.value }
}

/// Asks for the error that the work must end with.
func failure(of work: () async throws -> Void) async throws -> SkiplinoError {
    do {
        try await work()
    } catch let error as SkiplinoError {
        return error
    }
    throw Failure("it did not fail")
}
