// Closing and freeing clients, panics and memory.
import Foundation
@testable import Skiplino
import func SkiplinoNative.testingLiveHandles
import func SkiplinoNative.testingPanic
import func SkiplinoNative.testingPanicAsync
import func SkiplinoNative.testingSetOnDevice
import XCTest

/// Closes and frees clients, and checks that a panic does not end the process.
final class LifecycleTests: SandboxTestCase {
    func testCallsOfAClosedClientFail() async throws {
        XCTAssertFalse(client.isClosed)
        let tickets = client.tickets
        let (list, changes) = (client.customers.tickets(of: .externalID("crm-7741")), tickets.watch(Sandbox.ticket))
        client.close()
        client.close()
        XCTAssertTrue(client.isClosed)
        let calls: [() async throws -> Void] = [
            { _ = try await tickets.get(Sandbox.ticket) },
            { _ = try await list.page(1) },
            { for try await _ in list {} },
            { for try await _ in changes {} },
        ]
        for call in calls {
            let error = try await failure(of: call)
            XCTAssertEqual(error.kind, .closed)
            XCTAssertEqual(error.outcome, .notApplied)
        }
    }

    func testClosingEndsCallsInFlight() async throws {
        let fault = try await sandbox.hold("bookTicket")
        let task = Task { [client] in try await client.tickets.book(.walkIn(service: Sandbox.service, group: Sandbox.group)) }
        try await sandbox.held(1)
        client.close()
        let error = try await failure(of: task)
        XCTAssertEqual(error.kind, .closed)
        XCTAssertEqual(error.outcome, .unknown)
        try await sandbox.releaseAbandoned(fault)
    }

    func testAPanicIsAnError() async throws {
        let thrown = try await failure { try translatingErrors { try testingPanic() } }
        XCTAssertEqual(thrown.kind, .internal)
        XCTAssertEqual(thrown.outcome, .unknown)
        let later = try await failure { try await cancellable { _ in try await testingPanicAsync() } }
        XCTAssertEqual(later.kind, .internal)
        // Later calls still work.
        let branches = try await client.branches.list()
        XCTAssertEqual(branches.count, 2)
    }

    func testASecretKeyIsRejectedOnADeviceUnlessItIsAllowed() async throws {
        testingSetOnDevice(on: true)
        defer { testingSetOnDevice(on: false) }
        let error = try await failure { [sandbox] in try sandbox.client(sandbox.secretKey).close() }
        XCTAssertEqual(error.kind, .invalidRequest)
        XCTAssertEqual(error.outcome, .notApplied)
        XCTAssertEqual(Array(error.fields.keys), ["apiKey"])
        XCTAssertEqual(
            error.localizedDescription,
            "invalid input: apiKey: a secret key must not be used on a device: use a public key, or allow it in the client builder")
        // Apps use public keys.
        let app = try sandbox.client()
        let branches = try await app.branches.list()
        XCTAssertEqual(branches.count, 2)
        app.close()
        let allowed = try sandbox.client(sandbox.secretKey) { $0.allowsSecretKeyOnDevice = true }
        let page = try await allowed.customers.list().page(1)
        XCTAssertEqual(page.items.count, 3)
        allowed.close()
    }

    func testTenThousandClientsLeaveNothingBehind() async throws {
        func live() -> [UInt64] {
            let handles = testingLiveHandles()
            return [handles.clients, handles.pagers, handles.cancelHandles]
        }
        func round(_ count: Int) async throws {
            for number in 0..<count {
                // Half of the clients are closed, the others released; one in a hundred is used.
                let client = try sandbox.client(sandbox.secretKey)
                let changes = client.tickets.watch(Sandbox.ticket)
                if number % 100 == 0 {
                    _ = try await client.branches.list()
                    for try await _ in client.customers.list(limit: 1) { break }
                    for try await _ in changes { break }
                }
                if number % 2 == 0 { client.close() }
            }
        }
        let before = live()
        // One-time allocations, and memory that the allocator keeps.
        try await round(1000)
        let memory = try residentMemory()
        try await round(10_000)
        XCTAssertEqual(live(), before)
        let growth = try residentMemory() - memory
        print("10,000 clients: \(growth / 1024) KiB more")
        // A client is about 100 KiB: a leak of one in a hundred is detected.
        XCTAssertLessThan(growth, 8 * 1024 * 1024)
        client.close()
        _ = try await sandbox.idle()
    }

    /// The memory of the process in bytes.
    private func residentMemory() throws -> Int {
        #if os(Linux)
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try unwrap(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }, "VmRSS")
            return try unwrap(line.split(separator: " ").compactMap { Int($0) }.first, "a number") * 1024
        #else
            throw XCTSkip("the resident memory is unknown on this system")
        #endif
    }
}
