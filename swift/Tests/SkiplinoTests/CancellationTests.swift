// Cancellation of calls, pages and watches.
import Skiplino
import XCTest

final class CancellationTests: SandboxTestCase {
    /// Holds an operation, cancels its task, and requires that its connection closes while the
    /// client stays open.
    @discardableResult
    private func cancelled(_ operation: String, _ work: @escaping @Sendable () async throws -> Void) async throws -> SkiplinoError {
        let fault = try await sandbox.hold(operation)
        let task = Task { try await work() }
        try await sandbox.held(1)
        task.cancel()
        let error = try await failure(of: task)
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.operation, operation)
        try await sandbox.releaseAbandoned(fault)
        try await sandbox.control("DELETE /faults")
        return error
    }

    func testACallIsStopped() async throws {
        let error = try await cancelled("getTicket") { [client] in _ = try await client.tickets.get(Sandbox.ticket) }
        XCTAssertEqual(error.outcome, .notApplied)
        XCTAssertEqual(error.attempts, 1)
        XCTAssertEqual(error.localizedDescription, "get the ticket: cancelled")
        let branches = try await client.branches.list()
        XCTAssertEqual(branches.count, 2)
    }

    func testACancelledWriteMayHaveBeenApplied() async throws {
        let error = try await cancelled("bookTicket") { [client] in
            _ = try await client.tickets.book(.walkIn(service: Sandbox.service, group: Sandbox.group))
        }
        XCTAssertEqual(error.outcome, .unknown)
        XCTAssertEqual(error.localizedDescription, "book a ticket: cancelled; it may have been applied")
    }

    func testAWriteCancelledBeforeItsStartWasNotApplied() async throws {
        // The task is cancelled before it runs: the call detects it.
        let task = Task { [client] in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.tickets.book(.walkIn(service: Sandbox.service, group: Sandbox.group))
        }
        let error = try await failure(of: task)
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.outcome, .notApplied)
        let received = try await sandbox.received("bookTicket")
        XCTAssertEqual(received, 0)
    }

    func testAPageIsStopped() async throws {
        let directory = try directory()
        try await cancelled("listCustomers") { _ = try await directory.customers.list().page(1) }
        directory.close()
    }

    func testAPagerIsStoppedWithItsPrefetch() async throws {
        try await sandbox.control("POST /customers/generate", ["count": 60])
        let directory = try directory()
        try await cancelled("listCustomers") {
            for try await _ in directory.customers.list(limit: 5) {}
        }
        // The list can be read again.
        var count = 0
        for try await _ in directory.customers.list(limit: 50) { count += 1 }
        XCTAssertEqual(count, 63)
        directory.close()
    }

    func testAWatchIsStopped() async throws {
        let error = try await cancelled("getTicket") { [client] in
            for try await _ in client.tickets.watch(Sandbox.ticket) {}
        }
        XCTAssertEqual(error.outcome, .notApplied)
    }

    func testFiftyCallsRunAtOnce() async throws {
        let fault = try await sandbox.hold("getTicket")
        let numbers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask { [client] in try await client.tickets.get(Sandbox.ticket).ticketNumber }
            }
            // Fails unless all are held.
            try await sandbox.held(50)
            try await sandbox.release(fault)
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(numbers, Array(repeating: "Q017", count: 50))
    }

    func testCancellingOneOfManyLeavesTheOthers() async throws {
        let fault = try await sandbox.hold("getTicket")
        let tasks = (0..<50).map { _ in Task { [client] in try await client.tickets.get(Sandbox.ticket) } }
        try await sandbox.held(50)
        for task in tasks[..<25] { task.cancel() }
        for task in tasks[..<25] {
            let error = try await failure(of: task)
            XCTAssertEqual(error.kind, .cancelled)
        }
        try await sandbox.release(fault)
        for task in tasks[25...] {
            let ticket = try await task.value
            XCTAssertEqual(ticket.id, Sandbox.ticket)
        }
    }
}
