// Runs the scenarios of `tests/scenarios`.
import Foundation
@testable import Skiplino
import XCTest

/// The Swift runner of `tests/scenarios`.
final class ScenarioTests: XCTestCase {
    func testEveryScenario() async throws {
        let sandbox = try Sandbox.shared.get()
        let folder = repository.appending(path: "tests/scenarios")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".json") && $0 != "schema.json" }
        var played = 0
        for file in files {
            let content = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: folder.appending(path: file)))
            for scenario in try content["scenarios"].list() {
                let name = "\(file): \(scenario["name"]?.string ?? "")"
                do {
                    var player = Player(sandbox: sandbox, scenario: scenario)
                    try await player.play()
                    try passed(scenario["name"]?.string ?? "")
                } catch {
                    XCTFail("\(name): \(error)")
                }
                played += 1
            }
        }
        print("\(played) scenarios in \(files.count) files")
        XCTAssertGreaterThan(files.count, 5)
        XCTAssertGreaterThan(played, 100)
    }
}

/// Records the scenario for `make parity`.
private func passed(_ name: String) throws {
    guard let folder = ProcessInfo.processInfo.environment["SKIPLINO_PARITY"] else { return }
    let file = URL(fileURLWithPath: folder).appending(path: "swift")
    if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
    let handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("\(name)\n".utf8))
    try handle.close()
}

private struct Player {
    let sandbox: Sandbox
    let scenario: JSONValue
    var saved: [String: JSONValue] = [:]

    init(sandbox: Sandbox, scenario: JSONValue) {
        self.sandbox = sandbox
        self.scenario = scenario
    }

    mutating func play() async throws {
        try await sandbox.reset()
        let client: SkiplinoClient
        if let rejected = scenario["rejected"] {
            do {
                client = try makeClient()
            } catch let error as SkiplinoError {
                return try compare(error, with: rejected)
            }
            client.close()
            throw Failure("the client was made")
        }
        client = try makeClient()
        for step in try scenario["steps"].list() {
            try await take(client, substitute(step))
        }
        client.close()
        for (operation, count) in scenario["requests"]?.fields ?? [:] {
            let received = try await sandbox.received(operation)
            guard received == count.int else { throw Failure("\(operation): \(received) requests in place of \(count.text)") }
        }
    }

    private func makeClient() throws -> SkiplinoClient {
        let given = scenario["client"]?.fields ?? [:]
        let key = given["key"]?.string ?? "secret"
        let keys = ["secret": sandbox.secretKey, "public": sandbox.publicKey]
        return try sandbox.client(keys[key] ?? key) { configuration in
            if let url = given["baseUrl"]?.string {
                configuration.baseURL = url == "gone" ? try nobody() : URL(string: url)
            }
            configuration.locale = given["locale"]?.string
            configuration.attemptTimeout = given["attemptTimeoutMs"].duration
            configuration.deadline = given["deadlineMs"].duration
            configuration.maxAttempts = given["maxAttempts"]?.int
            configuration.maxResponseBytes = given["maxResponseBytes"]?.int
            configuration.backoff = given["backoffMs"].duration ?? .milliseconds(1)
            configuration.maxBackoff = configuration.backoff
        }
    }

    private mutating func take(_ client: SkiplinoClient, _ step: JSONValue) async throws {
        let value: JSONValue
        if let request = step["sandbox"]?.string {
            value = try await sandbox.control(request, step["body"])
            if let expected = step["expect"] { try contains("sandbox", expected, value) }
        } else {
            let expect = try unwrap(step["expect"]?.fields, "what is expected")
            if let expected = expect["error"] {
                do {
                    _ = try await make(client, step)
                } catch let error as SkiplinoError {
                    return try compare(error, with: expected)
                }
                throw Failure("\(step["call"].text) did not fail")
            }
            let came = try await make(client, step)
            for (key, expected) in expect {
                try contains(key, expected, came[key] ?? .null)
            }
            value = came["value"] ?? .null
        }
        if let name = step["save"]?.string { saved[name] = value }
    }

    /// Makes a call in a task, which is cancelled if the step says so.
    private func make(_ client: SkiplinoClient, _ step: JSONValue) async throws -> JSONValue {
        guard let cancel = step["cancel"]?.string else { return try await call(client, step) }
        let player = self
        let task = Task {
            if cancel == "before" { withUnsafeCurrentTask { $0?.cancel() } }
            return try await player.call(client, step)
        }
        if cancel == "when-held" {
            try await sandbox.held(1)
            task.cancel()
        }
        return try await task.value
    }

    private func call(_ client: SkiplinoClient, _ step: JSONValue) async throws -> JSONValue {
        let with = Arguments(step["with"]?.fields ?? [:])
        let given = step["options"]?.fields ?? [:]
        let options = CallOptions(
            locale: given["locale"]?.string, deadline: given["deadlineMs"].duration, maxAttempts: given["maxAttempts"]?.int)
        switch step["call"]?.string {
        case "warmUp":
            return try await withMetadata(client) { client in
                try await client.warmUp(options: options)
                return Nothing()
            }
        case "branches.list": return try await withMetadata(client) { try await $0.branches.list(options: options) }
        case "branches.tree":
            let branch = try Branch.ID(with.text("branchId"))
            return try await withMetadata(client) { try await $0.branches.tree(of: branch, options: options) }
        case "services.slots":
            let (service, date) = try (Service.ID(with.text("serviceId")), with.date("date"))
            return try await withMetadata(client) { try await $0.services.slots(of: service, on: date, options: options) }
        case "tickets.book":
            let request = try with.booking()
            return try await withMetadata(client) { try await $0.tickets.book(request, options: options) }
        case "tickets.get":
            let ticket = try Ticket.ID(with.text("ticketId"))
            return try await withMetadata(client) { try await $0.tickets.get(ticket, options: options) }
        case "tickets.cancel":
            let ticket = try Ticket.ID(with.text("ticketId"))
            return try await withMetadata(client) { try await $0.tickets.cancel(ticket, options: options) }
        case "tickets.reschedule":
            let ticket = try Ticket.ID(with.text("ticketId"))
            let (time, customer) = try (unwrap(with.time("time"), "time"), unwrap(with.customer("customerExternalId"), "a customer"))
            return try await withMetadata(client) { try await $0.tickets.reschedule(ticket, to: time, for: customer, options: options) }
        case "customers.create":
            var request = CustomerWriteRequest(externalID: with["externalId"]?.string)
            (request.name, request.email, request.mobile) = (with["name"]?.string, with["email"]?.string, with["mobile"]?.string)
            request.metadata = with["metadata"]
            let sent = request
            return try await withMetadata(client) { try await $0.customers.create(sent, options: options) }
        case "customers.get":
            let customer = try with.looked()
            return try await withMetadata(client) { try await $0.customers.get(customer, options: options) }
        case "customers.find":
            let customer = try with.looked()
            return try await withMetadata(client) { try await $0.customers.find(customer, options: options) }
        case "customers.update":
            var request = try CustomerUpdateRequest(with.looked())
            if with["customerId"] != nil { request.externalID = with["externalId"]?.string }
            (request.name, request.email, request.mobile) = (with["name"]?.string, with["email"]?.string, with["mobile"]?.string)
            request.metadata = with["metadata"]
            let sent = request
            return try await withMetadata(client) { try await $0.customers.update(sent, options: options) }
        case "customers.delete":
            let customer = try with.looked()
            return try await withMetadata(client) { client in
                try await client.customers.delete(customer, options: options)
                return Nothing()
            }
        case "customers.list":
            let number = with["page"]?.int ?? 1
            return try await withMetadata(client) {
                try await $0.customers.list(limit: with["limit"]?.int, options: options).page(number)
            }
        case "customers.tickets":
            let (customer, number) = try (with.looked(), with["page"]?.int ?? 1)
            return try await withMetadata(client) {
                try await $0.customers.tickets(of: customer, limit: with["limit"]?.int, options: options).page(number)
            }
        case "customers.list.items":
            return try await all(client.customers.list(limit: with["limit"]?.int, options: options), step)
        case "customers.tickets.items":
            return try await all(client.customers.tickets(of: with.looked(), limit: with["limit"]?.int, options: options), step)
        case "tickets.watch":
            let (ticket, often) = try (Ticket.ID(with.text("ticketId")), Duration.milliseconds(1))
            return try await all(client.tickets.watch(ticket, min: often, max: often, options: options), step)
        case let other:
            throw Failure("no such call: \(other ?? "none")")
        }
    }

    /// All items of a sequence. After each item the next request of `between` is made.
    private func all<Bits: AsyncSequence>(_ bits: Bits, _ step: JSONValue) async throws -> JSONValue where Bits.Element: Encodable {
        var came: [Bits.Element] = []
        var between = try step["between"].map { try Optional($0).list() } ?? []
        for try await bit in bits {
            came.append(bit)
            if !between.isEmpty {
                let request = between.removeFirst()
                _ = try await sandbox.control(unwrap(request["sandbox"]?.string, "a request"), request["body"])
            }
        }
        return ["value": try json(came)]
    }

    /// Makes a call and returns its value with the metadata.
    private func withMetadata<Value: Encodable & Sendable>(
        _ client: SkiplinoClient, _ call: (SkiplinoClient) async throws -> Value
    ) async throws -> JSONValue {
        let response = try await client.withResponse(call)
        return [
            "value": try json(response.value),
            "status": .integer(Int64(response.info.status)),
            "message": response.info.message.map(JSONValue.string) ?? .null,
            "attempts": .integer(Int64(response.info.attempts)),
            "recovered": .bool(response.info.isRecovered),
        ]
    }

    /// Replaces `$name.field` by the saved value.
    private func substitute(_ value: JSONValue) throws -> JSONValue {
        switch value {
        case .object(let fields): return .object(try fields.mapValues(substitute))
        case .array(let items): return .array(try items.map(substitute))
        case .string(let text) where text.hasPrefix("$"): return try lookUp(text)
        case .string(let text) where text.contains("$"):
            // In a path of the control API, the name is between slashes.
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            return .string(try parts.map { $0.hasPrefix("$") ? try unwrap(lookUp($0).string, $0) : $0 }.joined(separator: "/"))
        default: return value
        }
    }

    private func lookUp(_ text: String) throws -> JSONValue {
        let steps = text.dropFirst().split(separator: ".").map(String.init)
        // A name without a field is a placeholder such as "$any".
        guard steps.count > 1 else { return .string(text) }
        let start = try unwrap(saved[steps[0]], steps[0])
        return try steps.dropFirst().reduce(start) { value, step in
            try unwrap(Int(step).flatMap { value[$0] } ?? value[step], text)
        }
    }
}

/// A value whose JSON is null.
private struct Nothing: Encodable, Sendable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}

/// The arguments of a call, with the names of the API.
private struct Arguments: Sendable {
    private let fields: [String: JSONValue]

    init(_ fields: [String: JSONValue]) {
        self.fields = fields
    }

    subscript(name: String) -> JSONValue? { fields[name] }

    func text(_ name: String) throws -> String {
        try unwrap(fields[name]?.string, name)
    }

    func time(_ name: String) throws -> Date? {
        try fields[name]?.string.map { try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse($0) }
    }

    func date(_ name: String) throws -> CalendarDate? {
        try fields[name]?.string.map { try unwrap(CalendarDate($0), $0) }
    }

    func customer(_ external: String) -> CustomerRef? {
        fields["customerId"]?.string.map { .id(Customer.ID($0)) } ?? fields[external]?.string.map { .externalID($0) }
    }

    func looked() throws -> CustomerRef {
        try unwrap(customer("externalId"), "a customer")
    }

    func booking() throws -> BookTicketRequest {
        let (service, group) = try (Service.ID(text("serviceId")), BranchTreeGroup.ID(text("groupOfServiceId")))
        let customer = customer("customerExternalId")
        let location = try fields["location"].map {
            try Location(latitude: unwrap($0["lat"]?.double, "lat"), longitude: unwrap($0["lng"]?.double, "lng"))
        }
        return try BookTicketRequest(
            service: service, group: group, time: time("time"), customer: customer, options: fields["options"], location: location)
    }
}

private func compare(_ error: SkiplinoError, with expected: JSONValue) throws {
    func number(_ value: Int?) -> JSONValue { value.map { .integer(Int64($0)) } ?? .null }
    func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
    let came: [String: JSONValue] = [
        "kind": .string(error.kind.rawValue),
        "outcome": .string(error.outcome.rawValue),
        "operation": text(error.operation),
        "text": .string(error.localizedDescription),
        "status": number(error.status),
        "fields": try json(error.fields),
        "path": text(error.path),
        "reason": text(error.reason),
        "retryAfterMs": number(error.retryAfter.map { Int($0 / .milliseconds(1)) }),
        "timeout": text(error.timeout?.rawValue),
        "attempts": number(error.attempts),
    ]
    for (key, wanted) in expected.fields ?? [:] {
        if key == "text", let beginning = wanted.string, beginning.hasSuffix("…"), let whole = came["text"]?.string {
            guard whole.hasPrefix(beginning.dropLast()) else { throw Failure("text: \(whole)") }
        } else if came[key] != wanted {
            throw Failure("error.\(key): \(came[key].text) in place of \(wanted.text)")
        }
    }
}

private func contains(_ path: String, _ expected: JSONValue, _ came: JSONValue) throws {
    switch (expected, came) {
    case (.string("$any"), _): return
    case (.object(let wanted), .object(let fields)):
        for (name, value) in wanted {
            if value == "$absent" {
                guard fields[name] == nil else { throw Failure("\(path).\(name) is there") }
            } else {
                try contains("\(path).\(name)", value, unwrap(fields[name], "\(path).\(name)"))
            }
        }
    case (.array(let wanted), .array(let items)):
        guard wanted.count == items.count else { throw Failure("\(path): \(items.count) in place of \(wanted.count)") }
        for (index, (value, item)) in zip(wanted, items).enumerated() { try contains("\(path)[\(index)]", value, item) }
    default:
        guard expected == came else { throw Failure("\(path): \(came.text) in place of \(expected.text)") }
    }
}

func json(_ value: some Encodable) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
}

extension Optional where Wrapped == JSONValue {
    fileprivate var duration: Duration? { self?.int.map { .milliseconds($0) } }
    fileprivate var text: String { map { $0.text } ?? "nothing" }

    fileprivate func list() throws -> [JSONValue] {
        if case .array(let items) = self { return items }
        throw Failure("no list")
    }
}

extension JSONValue {
    fileprivate var text: String { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "?" }

    fileprivate var fields: [String: JSONValue]? {
        if case .object(let fields) = self { fields } else { nil }
    }
}
