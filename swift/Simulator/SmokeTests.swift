// The test of scripts/swift-simulator: it books and cancels a ticket in a simulator.
import Skiplino
import XCTest

final class SmokeTests: XCTestCase {
    private func address() throws -> URL {
        try XCTUnwrap(ProcessInfo.processInfo.environment["SKIPLINO_BASE_URL"].flatMap(URL.init(string:)))
    }

    func testBooksAndCancels() async throws {
        let client = try SkiplinoClient(apiKey: "pk_sandbox_public", configuration: .init(baseURL: address()))
        let ticket = try await client.tickets.book(.walkIn(service: "6fe8fb8b12", group: "7c1f9a3b2d"))
        let cancelled = try await client.tickets.cancel(ticket.id)
        XCTAssertEqual(cancelled.status, .cancelled)
    }

    #if os(iOS)
        func testASecretKeyIsRejected() throws {
            let address = try address()
            XCTAssertThrowsError(try SkiplinoClient(apiKey: "sk_sandbox_secret", configuration: .init(baseURL: address)))
        }
    #endif
}
