// Code of the site's guides.
import Foundation
import Skiplino
import XCTest

// A page includes the lines between the names of an anchor.

// ANCHOR: first
func first(apiKey: String, baseURL: URL?) async throws {
    let client = try SkiplinoClient(apiKey: apiKey, configuration: .init(baseURL: baseURL))
    for branch in try await client.branches.list() {
        print(branch.name, branch.isOpen ? "open" : "closed")
    }

    // Join the queue of a service, with its id and its group's id.
    let ticket = try await client.tickets.book(.walkIn(service: "6fe8fb8b12", group: "7c1f9a3b2d"))
    print("your number is \(ticket.ticketNumber), \(ticket.queueSize ?? 0) ahead of you")

    let cancelled = try await client.tickets.cancel(ticket.id)
    print("it is now \(cancelled.status)")
}
// ANCHOR_END: first

// ANCHOR: keys
func customers(apiKey: String, baseURL: URL) async throws -> Int {
    // On iOS a secret key is rejected here.
    let client = try SkiplinoClient(apiKey: apiKey, configuration: .init(baseURL: baseURL))
    // With a public key this throws an error of the kind `.secretKeyRequired`, and nothing is sent.
    return try await client.customers.list().page(1).pagination.total
}
// ANCHOR_END: keys

// ANCHOR: booking
func join(_ client: SkiplinoClient, for customer: CustomerRef? = nil) async throws -> String {
    do {
        let booked = try await client.withResponse {
            try await $0.tickets.book(.walkIn(service: "6fe8fb8b12", group: "7c1f9a3b2d", customer: customer))
        }
        return booked.info.isRecovered
            ? "the response was lost, but your place is booked: \(booked.value.ticketNumber)"
            : "your number is \(booked.value.ticketNumber)"
    } catch let error as SkiplinoError where error.outcome == .unknown {
        return "you may have a place: ask at the counter before you try again"
    }  // Any other error: nothing was booked.
}
// ANCHOR_END: booking

// ANCHOR: following
func follow(_ client: SkiplinoClient, _ ticket: Ticket.ID, often: Duration, show: (String) async throws -> Void) async throws {
    // Polls at the interval `often` at the front of the queue, and ten times more slowly far from
    // it.
    for try await change in client.tickets.watch(ticket, min: often, max: often * 10) {
        switch (change.status, change.queueSize) {
        case (.waiting, 0?): try await show("you are next")
        case (.waiting, let ahead?): try await show("\(ahead) ahead of you")
        case (.serving, _): try await show("it is your turn")
        // A status that this version does not know is shown as the API wrote it.
        case (let other, _): try await show("\(other)")
        }
    }  // Served or cancelled.
}
// ANCHOR_END: following

// ANCHOR: errors
func explain(_ error: SkiplinoError) -> String {
    switch error.kind {
    case .connect: "There is no connection."
    // In the requested language.
    case .rejected: error.reason ?? "It was rejected."
    case .invalidRequest, .validation: "Please check \(error.fields.keys.joined(separator: ", "))."
    case .conflict: "It is too late for that."
    case .outcomeUnknown: "It may have been applied: check before you retry."
    default: error.localizedDescription
    }
}
// ANCHOR_END: errors

// ANCHOR: leaving
/// Books for a screen whose task may be cancelled during the call.
func joinUnlessLeft(_ booking: Task<Ticket, any Error>) async throws -> String {
    do {
        return "your number is \(try await booking.value.ticketNumber)"
    } catch let error as SkiplinoError where error.kind == .cancelled {
        // Cancelling ended the request at once. The error says whether the server may have received
        // it.
        return error.outcome == .unknown ? "there may be a ticket" : "nothing was booked"
    }
}
// ANCHOR_END: leaving

final class GuideTests: SandboxTestCase {
    private func join() async throws -> Ticket {
        try await client.tickets.book(.walkIn(service: Sandbox.service, group: Sandbox.group))
    }

    private func nowhere() throws -> SkiplinoClient {
        try SkiplinoClient(apiKey: sandbox.publicKey, configuration: .init(baseURL: nobody()))
    }

    func testTheFirstProgramRuns() async throws {
        try await first(apiKey: sandbox.publicKey, baseURL: sandbox.baseURL)
        let received = try await sandbox.received("cancelTicket")
        XCTAssertEqual(received, 1)
    }

    func testAPublicKeyHasNoAccessToTheDirectory() async throws {
        let error = try await failure { [sandbox] in _ = try await customers(apiKey: sandbox.publicKey, baseURL: sandbox.baseURL) }
        XCTAssertEqual(error.kind, .secretKeyRequired)
        let received = try await sandbox.received("listCustomers")
        XCTAssertEqual(received, 0)
        let total = try await customers(apiKey: sandbox.secretKey, baseURL: sandbox.baseURL)
        XCTAssertEqual(total, 3)
    }

    func testABookingIsMadeOnce() async throws {
        var said = try await SkiplinoTests.join(client, for: .externalID("crm-7741"))
        XCTAssertEqual(said, "your number is Q018")
        try await sandbox.fault(["operation": "bookTicket", "kind": "drop_after_commit"])
        said = try await SkiplinoTests.join(client, for: .externalID("crm-7741"))
        XCTAssertEqual(said, "the response was lost, but your place is booked: Q019")
        said = try await SkiplinoTests.join(client)
        XCTAssertTrue(said.hasPrefix("you may have a place"))
        let received = try await sandbox.received("bookTicket")
        XCTAssertEqual(received, 3)
    }

    func testATicketIsWatchedUntilItIsServed() async throws {
        // The first ticket in the queue.
        let ticket = try await client.tickets.book(.walkIn(service: "b7a1d2c3e4", group: Sandbox.group))
        var shown: [String] = []
        try await follow(client, ticket.id, often: .milliseconds(1)) { text in
            shown.append(text)
            guard shown.count < 3 else { return }
            try await sandbox.control("POST /tickets/\(ticket.id)/\(shown.count == 1 ? "call" : "serve")", [:])
        }
        XCTAssertEqual(shown, ["you are next", "it is your turn", "served"])
    }

    func testErrorsHaveKinds() async throws {
        let booking: @Sendable (SkiplinoClient) async throws -> Void = {
            _ = try await $0.tickets.book(.walkIn(service: Sandbox.service, group: Sandbox.group))
        }
        try await sandbox.control("PUT /services/\(Sandbox.service)", ["open": false])
        var error = try await failure { [client] in try await booking(client) }
        XCTAssertEqual(explain(error), "This service is closed.")
        try await sandbox.control("PUT /services/\(Sandbox.service)", ["open": .null])
        try await sandbox.fault(["operation": "bookTicket", "kind": "drop_after_commit"])
        error = try await failure { [client] in try await booking(client) }
        XCTAssertEqual(explain(error), "It may have been applied: check before you retry.")
        error = try await failure { [client] in try await client.tickets.cancel("") }
        XCTAssertEqual(explain(error), "Please check ticketId.")
        try await client.tickets.cancel(Sandbox.ticket)
        error = try await failure { [client] in try await client.tickets.cancel(Sandbox.ticket) }
        XCTAssertEqual(explain(error), "It is too late for that.")
        let nowhere = try nowhere()
        error = try await failure { try await booking(nowhere) }
        XCTAssertEqual(explain(error), "There is no connection.")
        nowhere.close()
    }

    func testCancellingABookingReportsItsOutcome() async throws {
        let fault = try await sandbox.hold("bookTicket")
        let booking = Task { [client] in
            try await client.tickets.book(.walkIn(service: Sandbox.service, group: Sandbox.group))
        }
        try await sandbox.held(1)
        booking.cancel()
        let said = try await joinUnlessLeft(booking)
        XCTAssertEqual(said, "there may be a ticket")
        try await sandbox.release(fault)
    }
}
