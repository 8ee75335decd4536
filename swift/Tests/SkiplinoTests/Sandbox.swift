import Foundation
import Skiplino

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A sandbox of its own process, which ends with this one whatever becomes of it.
final class Sandbox: @unchecked Sendable {
    /// What the scenarios and most tests share.
    static let shared = Result { try Sandbox() }

    let baseURL: URL
    let secretKey: String
    let publicKey: String
    private let controlURL: String
    private let process = Process()
    private let input = Pipe()
    // Connections of its own, so that nothing of Skiplino's is behind what judges it.
    private let session = URLSession(configuration: .ephemeral)

    /// Whom the demo company's queue ends with, and what that is for.
    static let ticket: Ticket.ID = "k7m2p9x4q1"
    static let service: Service.ID = "6fe8fb8b12"
    static let group: BranchTreeGroup.ID = "7c1f9a3b2d"
    static let customer: Customer.ID = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"

    /// The port is any that is free, and nothing is kept, unless they are given.
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
        let told = try JSONDecoder().decode([String: JSONValue].self, from: line)
        guard let base = told["baseUrl"]?.string.flatMap(URL.init(string:)), let control = told["controlUrl"]?.string,
            let secretKey = told["secretKey"]?.string, let publicKey = told["publicKey"]?.string
        else { throw Failure("the sandbox did not start") }
        (self.baseURL, self.controlURL, self.secretKey, self.publicKey) = (base, control, secretKey, publicKey)
    }

    deinit {
        stop()
    }

    /// Ends it, and waits until it has.
    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Ends it as a power cut would.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// A client of it.
    func client(_ key: String? = nil, change: (inout SkiplinoClient.Configuration) throws -> Void = { _ in }) throws -> SkiplinoClient {
        var configuration = SkiplinoClient.Configuration(baseURL: baseURL)
        try change(&configuration)
        return try SkiplinoClient(apiKey: key ?? publicKey, configuration: configuration)
    }

    /// A request to the control API, as in `control("POST /reset", ["seed": 1])`, which must succeed.
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

    /// As new, and its clock stands.
    func reset() async throws {
        try await control("POST /reset", ["seed": 1, "now": "2026-06-23T11:10:00.000Z", "freeze": true])
    }

    /// Holds the requests of an operation, and gives the fault's id. What is held is carried out in the end unless it is dropped.
    func hold(_ operation: String, then: String = "commit", when: JSONValue? = nil) async throws -> String {
        try await fault(["operation": .string(operation), "kind": "hold", "then": .string(then)], when: when)
    }

    /// Sets a fault, and gives its id.
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

    /// Waits until so many requests are held.
    func held(_ count: Int) async throws {
        try await control("GET /held?atLeast=\(count)")
    }

    /// Waits until the API has neither a connection nor a request open, and gives what it then has.
    func idle() async throws -> JSONValue {
        try await control("GET /idle")
    }

    /// How many requests of an operation came in.
    func received(_ operation: String) async throws -> Int {
        try await control("GET /requests/counts")[operation]?["received"]?.int ?? 0
    }
}

/// Where the sources are.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// Why a test cannot go on.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

func unwrap<T>(_ value: T?, _ what: String) throws -> T {
    guard let value else { throw Failure("missing: \(what)") }
    return value
}
