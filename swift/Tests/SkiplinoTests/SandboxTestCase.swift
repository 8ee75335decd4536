// Base class of tests on the shared sandbox.
import Foundation
import Skiplino
import XCTest

/// A test with the shared sandbox, which is reset before, and a client, which is closed after.
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

    /// A client with a secret key.
    func directory() throws -> SkiplinoClient {
        try sandbox.client(sandbox.secretKey)
    }
}

/// Returns the error that the work must throw.
func failure<Value>(of task: Task<Value, any Error>) async throws -> SkiplinoError {
    try await failure { _ = try await task.value }
}

/// Returns the error that the work must throw.
func failure(of work: () async throws -> Void) async throws -> SkiplinoError {
    do {
        try await work()
    } catch let error as SkiplinoError {
        return error
    }
    throw Failure("it did not fail")
}
