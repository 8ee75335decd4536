// Starts sandbox servers for the tests.
import Foundation
import Skiplino
import XCTest

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A sandbox server in its own process, which ends with the test process, even after a crash.
final class Sandbox: @unchecked Sendable {
    /// The sandbox that the scenarios and most tests share.
    static let shared = Result { try Sandbox() }

    let baseURL: URL
    let secretKey: String
    let publicKey: String
    private let controlURL: String
    private let process = Process()
    private let input = Pipe()
    // Not Skiplino's own client, so that the control requests do not depend on the tested code.
    private let session = URLSession(configuration: .ephemeral)

    /// The last ticket in the demo company's queue, and its service.
    static let ticket: Ticket.ID = "k7m2p9x4q1"
    static let service: Service.ID = "6fe8fb8b12"
    static let group: BranchTreeGroup.ID = "7c1f9a3b2d"
    static let customer: Customer.ID = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"

    /// By default, uses a free port and keeps no state on disk.
    init(port: Int = 0, data: String? = nil) throws {
        let output = Pipe()
        let command = ProcessInfo.processInfo.environment["SKIPLINO_COMMAND"]
        process.executableURL = command.map { URL(fileURLWithPath: $0) } ?? repository.appending(path: "target/debug/skiplino")
        process.arguments =
            ["sandbox", "--json", "--seed", "1", "--until-stdin-ends", "--port", String(port)]
            + (data.map { ["--data", $0] } ?? [])
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte != Data("\n".utf8) { line += byte }
        let settings = try JSONDecoder().decode([String: JSONValue].self, from: line)
        guard let base = settings["baseUrl"]?.string.flatMap(URL.init(string:)), let control = settings["controlUrl"]?.string,
            let secretKey = settings["secretKey"]?.string, let publicKey = settings["publicKey"]?.string
        else { throw Failure("the sandbox did not start") }
        (self.baseURL, self.controlURL, self.secretKey, self.publicKey) = (base, control, secretKey, publicKey)
    }

    deinit {
        stop()
    }

    /// Stops the server and waits for its end.
    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Kills the server, like a power failure.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// A client of this sandbox.
    func client(_ key: String? = nil, change: (inout SkiplinoClient.Configuration) throws -> Void = { _ in }) throws -> SkiplinoClient {
        var configuration = SkiplinoClient.Configuration(baseURL: baseURL)
        try change(&configuration)
        return try SkiplinoClient(apiKey: key ?? publicKey, configuration: configuration)
    }

    /// A request to the control API, such as `control("POST /reset", ["seed": 1])`, which must
    /// succeed.
    @discardableResult
    func control(_ request: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let parts = request.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let url = URL(string: controlURL + parts[1]) else { throw Failure("no request: \(request)") }
        var sent = URLRequest(url: url)
        sent.httpMethod = String(parts[0])
        sent.httpBody = try body.map { try JSONEncoder().encode($0) }
        let (data, response) = try await session.data(for: sent)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard (200..<300).contains(status) else {
            throw Failure("\(request): \(status) \(String(decoding: data, as: UTF8.self))")
        }
        return data.isEmpty ? .null : try JSONDecoder().decode(JSONValue.self, from: data)
    }

    /// Resets the state and stops the clock.
    func reset() async throws {
        try await control("POST /reset", ["seed": 1, "now": "2026-06-23T11:10:00.000Z", "freeze": true])
    }

    /// Holds the requests of an operation and returns the fault's id. Held requests are executed
    /// when released, unless dropped.
    func hold(_ operation: String, then: String = "commit", when: JSONValue? = nil) async throws -> String {
        try await fault(["operation": .string(operation), "kind": "hold", "then": .string(then)], when: when)
    }

    /// Adds a fault and returns its id.
    @discardableResult
    func fault(_ fault: [String: JSONValue], when: JSONValue? = nil) async throws -> String {
        var fault = fault
        fault["when"] = when
        let set = try await control("POST /faults", .object(fault))
        return try unwrap(set["id"]?.int.map(String.init) ?? set["id"]?.string, "the fault has an id")
    }

    func release(_ fault: String) async throws {
        try await control("POST /faults/\(fault)/release", [:])
    }

    /// Waits until the client has closed the connections of its held requests, and releases the
    /// requests.
    func releaseAbandoned(_ fault: String, requests: Int = 1) async throws {
        let abandoned = try await control("GET /idle?requests=\(requests)")
        XCTAssertEqual(abandoned, ["connections": 0, "requests": .integer(Int64(requests))])
        try await release(fault)
        let idle = try await idle()
        XCTAssertEqual(idle, ["connections": 0, "requests": 0])
    }

    /// Waits until this number of requests is held.
    func held(_ count: Int) async throws {
        try await control("GET /held?atLeast=\(count)")
    }

    /// Waits until the server has no connection and no request, and returns its counters.
    func idle() async throws -> JSONValue {
        try await control("GET /idle")
    }

    /// The number of requests of an operation.
    func received(_ operation: String) async throws -> Int {
        try await control("GET /requests/counts")[operation]?["received"]?.int ?? 0
    }
}

/// The root of the checkout.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// An error of the test setup.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

func unwrap<T>(_ value: T?, _ what: String) throws -> T {
    guard let value else { throw Failure("missing: \(what)") }
    return value
}
