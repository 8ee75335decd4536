// Network failures and captive portals.
import Foundation
import Skiplino
import XCTest

/// The network of a phone: offline, behind a captive portal, failing and recovering.
final class NetworkTests: SandboxTestCase {
    func testWithoutANetworkCallsFailAtOnce() async throws {
        let client = try SkiplinoClient(apiKey: sandbox.publicKey, configuration: .init(baseURL: nobody()))
        var error = try await failure { _ = try await client.branches.list(options: CallOptions(maxAttempts: 1)) }
        XCTAssertEqual(error.kind, .connect)
        XCTAssertTrue(error.isRetryable)
        // Nothing was applied.
        error = try await failure {
            _ = try await client.tickets.book(
                .walkIn(service: Sandbox.service, group: Sandbox.group), options: CallOptions(maxAttempts: 1))
        }
        XCTAssertEqual(error.kind, .connect)
        XCTAssertEqual(error.outcome, .notApplied)
        client.close()
    }

    func testALoginPageIsNotAResponse() async throws {
        try await sandbox.fault(["operation": "*", "kind": "html_200"])
        let error = try await failure { [client] in _ = try await client.branches.list(options: CallOptions(maxAttempts: 1)) }
        XCTAssertEqual(error.kind, .decode)
        XCTAssertEqual(error.status, 200)
        XCTAssertEqual(error.operation, "listBranches")
    }

    func testAWatchSurvivesALoginPage() async throws {
        try await sandbox.fault(["operation": "getTicket", "kind": "html_200"], when: ["first": 3])
        for try await ticket in client.tickets.watch(Sandbox.ticket, min: .milliseconds(5), max: .milliseconds(10)) {
            XCTAssertEqual(ticket.status, .waiting)
            break
        }
        let received = try await sandbox.received("getTicket")
        XCTAssertEqual(received, 4)
    }

    func testAWatchGivesUpInTheEnd() async throws {
        try await sandbox.fault(["operation": "getTicket", "kind": "refuse"])
        let error = try await failure { [client] in
            let changes = client.tickets.watch(
                Sandbox.ticket, min: .milliseconds(1), max: .milliseconds(2), giveUpAfter: .milliseconds(20))
            for try await _ in changes { XCTFail("there is nothing to see") }
        }
        XCTAssertEqual(error.kind, .transport)
    }

    func testAWatchSurvivesANetworkFailure() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let port = try freePort()
        let data = folder.appending(path: "state").path
        var sandbox = try Sandbox(port: port, data: data)
        let client = try sandbox.client()
        var changes = client.tickets.watch(Sandbox.ticket, min: .milliseconds(5), max: .milliseconds(20)).makeAsyncIterator()
        let first = try await changes.next()
        XCTAssertEqual(first?.status, .waiting)

        sandbox.kill()
        let listener = try Listener(port: port)
        let next = Task { [current = changes] in
            var changes = current
            let change = try await changes.next()
            return (change, changes)
        }
        // The watch keeps retrying.
        for _ in 0..<3 { try await listener.hangUpOnOne() }
        listener.stop()
        // A plain call fails at once.
        let error = try await failure { _ = try await client.branches.list(options: CallOptions(maxAttempts: 1)) }
        XCTAssertEqual(error.kind, .connect)

        sandbox = try Sandbox(port: port, data: data)
        try await sandbox.control("POST /tickets/\(Sandbox.ticket)/call", [:])
        let second: Ticket?
        (second, changes) = try await next.value
        XCTAssertEqual(second?.status, .serving)
        try await sandbox.control("POST /tickets/\(Sandbox.ticket)/serve", [:])
        let third = try await changes.next()
        XCTAssertEqual(third?.status, .served)
        let end = try await changes.next()
        XCTAssertNil(end)
        client.close()
        sandbox.stop()
    }

    func testAResetDoesNotKillAProcessWithTheDefaultSIGPIPE() async throws {
        // tests/reset_server.py runs beside the tests.
        let environment = ProcessInfo.processInfo.environment
        let url = try unwrap(environment["SKIPLINO_RESET_SERVER_URL"].flatMap(URL.init(string:)), "the server's address")
        let certificate = try unwrap(environment["SKIPLINO_RESET_SERVER_CERTIFICATE"], "the server's certificate")
        let before = signal(SIGPIPE, SIG_DFL)
        defer { signal(SIGPIPE, before) }
        var configuration = SkiplinoClient.Configuration(baseURL: url)
        configuration.rootCertificates = try String(contentsOfFile: certificate, encoding: .utf8)
        configuration.backoff = .milliseconds(1)
        let client = try SkiplinoClient(apiKey: sandbox.publicKey, configuration: configuration)
        for _ in 0..<10 {
            let error = try await failure { _ = try await client.branches.list() }
            XCTAssertEqual(error.kind, .transport)
        }
        client.close()
    }
}
