// The client: language, logging, lists, metadata and errors.
import Foundation
import Skiplino
import XCTest

/// Behaviour of the Swift package that the scenarios do not cover.
final class ClientTests: SandboxTestCase {
    func testTheAppsLanguageSwitch() async throws {
        func name(_ client: SkiplinoClient, _ options: CallOptions = .standard) async throws -> String? {
            try await client.branches.list(options: options).first?.name
        }
        let english = try await name(client)
        XCTAssertEqual(english, "Seef Mall Branch")
        let switched = client.withOptions(CallOptions(locale: "ar", maxAttempts: 1))
        let arabic = try await name(switched)
        XCTAssertEqual(arabic, "فرع السيف مول")
        // The options of a call override the client's, one by one.
        let once = try await name(switched, CallOptions(locale: "en"))
        XCTAssertEqual(once, english)
        try await sandbox.fault(["operation": "*", "kind": "empty_503"])
        let error = try await failure { _ = try await name(switched, CallOptions(locale: "en")) }
        XCTAssertEqual(error.attempts, 1)
        switched.close()
        XCTAssertTrue(client.isClosed)
    }

    func testTheLogHasAttemptsAndNoPersonalData() async throws {
        let lines = Lines()
        SkiplinoLog.setHandler(upTo: .debug) { level, line in lines.add("\(level) \(line)") }
        defer { SkiplinoLog.setHandler(nil) }
        try await sandbox.fault(["operation": "getTicket", "kind": "empty_503"], when: ["first": 1])
        _ = try await client.tickets.get(Sandbox.ticket)
        XCTAssertTrue(lines.all.contains { $0.hasPrefix("debug getTicket: ") }, "\(lines.all)")
        XCTAssertTrue(lines.all.contains { $0.hasPrefix("warn getTicket: ") && $0.contains("kind=Server") }, "\(lines.all)")
        XCTAssertFalse(lines.all.contains { $0.contains("pk_") || $0.contains("Layla") })
        SkiplinoLog.setHandler(nil)
        let count = lines.all.count
        _ = try await client.tickets.get(Sandbox.ticket)
        XCTAssertEqual(lines.all.count, count)
    }

    func testAWatchReturnsEachChange() async throws {
        var seen: [TicketStatus] = []
        var sizes: [Int?] = []
        for try await ticket in client.tickets.watch(Sandbox.ticket, min: .milliseconds(5), max: .milliseconds(10)) {
            seen.append(ticket.status)
            sizes.append(ticket.queueSize)
            switch seen.count {
            case 1: try await sandbox.control("POST /services/\(Sandbox.service)/call-next", [:])
            case 2: try await sandbox.control("POST /tickets/\(Sandbox.ticket)/call", [:])
            case 3: try await sandbox.control("POST /tickets/\(Sandbox.ticket)/serve", [:])
            default: break
            }
        }
        XCTAssertEqual(seen, [.waiting, .waiting, .serving, .served])
        XCTAssertEqual(sizes, [6, 5, nil, nil])
    }

    func testAListIsReadByItemByPageAndAtOnePage() async throws {
        try await sandbox.control("POST /customers/generate", ["count": 247])
        let directory = try directory()
        let list = directory.customers.list(limit: 50)
        XCTAssertNil(list.progress)
        var ids: Set<Customer.ID> = []
        for try await customer in list {
            ids.insert(customer.id)
            if ids.count == 60 {
                // Records of the current page that the loop has not returned do not count.
                XCTAssertEqual(list.progress?.records, 60)
            }
        }
        XCTAssertEqual(ids.count, 250)
        XCTAssertEqual(list.progress?.records, 250)
        XCTAssertEqual(list.progress?.total, 250)
        XCTAssertEqual(list.progress?.changedDuringRead, false)

        var sizes: [Int] = []
        for try await page in list.pages { sizes.append(page.items.count) }
        XCTAssertEqual(sizes, [50, 50, 50, 50, 50])

        let last = try await list.page(5)
        XCTAssertEqual(last.items.count, 50)
        XCTAssertEqual(last.pagination.total, 250)
        XCTAssertFalse(last.pagination.hasNextPage)
        directory.close()
    }

    func testALoopThatIsLeftStopsReading() async throws {
        try await sandbox.control("POST /customers/generate", ["count": 997])
        let directory = try directory()
        let list = directory.customers.list(limit: 10)
        var count = 0
        for try await _ in list {
            count += 1
            if count == 5 { break }
        }
        // The prefetch ends with the loop; the client still works.
        directory.close()
        let idle = try await sandbox.idle()
        XCTAssertEqual(idle["requests"], 0)
        let received = try await sandbox.received("listCustomers")
        XCTAssertLessThan(received, 12)
        XCTAssertEqual(list.progress?.records, 5)
    }

    func testResponseMetadata() async throws {
        try await sandbox.fault(["operation": "cancelTicket", "kind": "drop_after_commit"], when: ["nth": 1])
        let response = try await client.withResponse { try await $0.tickets.cancel(Sandbox.ticket) }
        XCTAssertEqual(response.value.status, .cancelled)
        XCTAssertTrue(response.info.isRecovered)
        XCTAssertEqual(response.info.status, 200)
        XCTAssertEqual(response.info.headers["content-type"], "application/json")
        let error = try await failure { [client] in _ = try await client.withResponse { _ in 1 } }
        XCTAssertEqual(error.kind, .invalidRequest)
    }

    func testResponseMetadataOnTheMainActor() async throws {
        @MainActor func list(_ client: SkiplinoClient) async throws -> (Response<[Branch]>, Int) {
            var count = 0
            let response = try await client.withResponse { client in
                count += 1
                return try await client.branches.list()
            }
            return (response, count)
        }
        let (response, count) = try await list(client)
        XCTAssertEqual(response.value.count, 2)
        XCTAssertEqual(count, 1)
    }

    func testInvalidInputNamesTheField() async throws {
        let error = try await failure { [client] in _ = try await client.tickets.get("") }
        XCTAssertEqual(error.kind, .invalidRequest)
        XCTAssertEqual(error.fields, ["ticketId": ["must not be empty"]])
        XCTAssertEqual(error.attempts, 0)
        XCTAssertThrowsError(try sandbox.client { $0.deadline = .seconds(-1) }) { error in
            XCTAssertEqual((error as? SkiplinoError)?.fields.keys.first, "deadline")
        }
        XCTAssertThrowsError(try SkiplinoClient(apiKey: "")) { error in
            XCTAssertEqual((error as? SkiplinoError)?.fields.keys.first, "apiKey")
        }
    }

    func testNaNIsRejected() async throws {
        let directory = try directory()
        let error = try await failure { try await directory.customers.update(.init(.externalID("crm-7741"), metadata: [.number(.nan)])) }
        XCTAssertEqual(error.kind, .invalidRequest)
        XCTAssertEqual(Array(error.fields.keys), ["metadata"])
        directory.close()
    }

    func testOnlyASecretKeyOpensTheDirectory() async throws {
        XCTAssertEqual(client.keyClass, .public)
        let error = try await failure { [client] in _ = try await client.customers.get(.externalID("crm-7741")) }
        XCTAssertEqual(error.kind, .secretKeyRequired)
        let directory = try directory()
        XCTAssertEqual(directory.keyClass, .secret)
        directory.close()
    }

    func testMetadataIsJSON() async throws {
        let directory = try directory()
        let metadata: JSONValue = ["tier": "gold", "visits": 3, "share": 0.25, "tags": ["a", nil, true], "بطاقة": ["رقم": 7]]
        let created = try await directory.customers.create(.init(externalID: "crm-1", metadata: metadata))
        XCTAssertEqual(created.metadata, metadata)
        XCTAssertEqual(created.metadata?["visits"]?.int, 3)
        let found = try await directory.customers.find(.externalID("crm-1"))
        XCTAssertEqual(found, created)
        try await directory.customers.delete(.id(created.id))
        let gone = try await directory.customers.find(.id(created.id))
        XCTAssertNil(gone)
        directory.close()
    }

    func testPersonalDataIsNotPrinted() async throws {
        let directory = try directory()
        let customer = try await directory.customers.get(.id(Sandbox.customer))
        let ticket = try await client.tickets.get(Sandbox.ticket)
        let write = CustomerWriteRequest(externalID: "crm-1", name: "Noor", email: "noor@example.com", mobile: "+97333000009")
        let update = CustomerUpdateRequest(.id(Sandbox.customer), name: "Noor", email: "noor@example.com", mobile: "+97333000009")
        try await sandbox.fault([
            "operation": "createCustomer", "kind": "status", "status": 422,
            "body": ["message": "noor@example.com", "error": ["email": "noor@example.com is taken, call +97333000009"]],
        ])
        let error = try await failure { _ = try await directory.customers.create(write) }
        XCTAssertEqual(error.fields["email"], ["noor@example.com is taken, call +97333000009"])
        let things: [Any] = [customer, ticket, write, update, error, directory, [customer], ["customer": customer]]
        for thing in things {
            var dumped = ""
            dump(thing, to: &dumped)
            for text in [String(describing: thing), String(reflecting: thing), "\(thing)", dumped] {
                for secret in ["Layla", "layla", "Noor", "noor@", "+973", "sk_", "pk_"] {
                    XCTAssertFalse(text.contains(secret), text)
                }
            }
        }
        XCTAssertFalse(error.localizedDescription.contains("noor@"))
        directory.close()
    }
}

private final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    func add(_ line: String) { lock.withLock { lines.append(line) } }
    var all: [String] { lock.withLock { lines } }
}
