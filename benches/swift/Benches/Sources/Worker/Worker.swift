// Worker [urlsession] BASE_URL: a process with one client, the SDK's or URLSession, which runs
// commands.
import Foundation
import Skiplino

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

private let ticket: Skiplino.Ticket.ID = "k7m2p9x4q1"
private let customer = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"

@main
struct Worker {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard let address = arguments.last.flatMap(URL.init) else { throw Failure.notACommand }
        if arguments.contains("urlsession") {
            let client = Client { Session(address) }
            try await serve { try await client.current.run($0, renew: client.renew) }
        } else {
            let client = try Client { try connect(address) }
            try await serve { try await run($0, client) }
        }
    }

    private static func connect(_ address: URL) throws -> SkiplinoClient {
        var configuration = SkiplinoClient.Configuration(baseURL: address)
        // The text itself: Swift's private tree does not see the file.
        configuration.rootCertificates = ProcessInfo.processInfo.environment["SKIPLINO_BENCH_AUTHORITY"]
        return try SkiplinoClient(apiKey: "sk_bench", configuration: configuration)
    }

    private static func run(_ work: String, _ client: Client<SkiplinoClient>) async throws {
        let current = client.current
        switch work {
        case "new": try client.renew()
        case "warm-up": try await current.warmUp()
        case "ticket": guard try await current.tickets.get(ticket).queueSize == 6 else { throw Failure.wrongAnswer }
        case "book":
            let request = BookTicketRequest.walkIn(service: "6fe8fb8b12", group: "7c1f9a3b2d", customer: .id(.init(rawValue: customer)))
            guard try await current.tickets.book(request).queueSize == 6 else { throw Failure.wrongAnswer }
        case "page": guard try await current.customers.list().page(1).items.count == 100 else { throw Failure.wrongAnswer }
        default: throw Failure.notACommand
        }
    }
}

/// A client that a command replaces while no call runs.
private final class Client<Content>: @unchecked Sendable {
    private let open: () throws -> Content
    private(set) var current: Content

    init(_ open: @escaping () throws -> Content) rethrows {
        self.open = open
        current = try open()
    }

    func renew() throws { current = try open() }
}

/// URLSession with a struct for the response.
private struct Session: Sendable {
    private let address: URL
    private let session: URLSession

    init(_ address: URL) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = 64
        session = URLSession(configuration: configuration)
        self.address = address
    }

    func run(_ work: String, renew: () throws -> Void) async throws {
        switch work {
        case "new": try renew()
        case "ticket": try await send("tickets/k7m2p9x4q1", nil)
        case "book":
            try await send("tickets/book", ["serviceId": "6fe8fb8b12", "groupOfServiceId": "7c1f9a3b2d", "customerId": customer])
        default: throw Failure.notACommand
        }
    }

    private func send(_ path: String, _ body: [String: String]?) async throws {
        var request = URLRequest(url: address.appendingPathComponent(path))
        request.setValue("Bearer sk_bench", forHTTPHeaderField: "Authorization")
        if let body {
            request.httpMethod = "POST"
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = try JSONEncoder().encode(body)
        }
        let (data, _) = try await session.data(for: request)
        guard try JSONDecoder().decode(Envelope.self, from: data).data.queueSize == 6 else { throw Failure.wrongAnswer }
    }

    private struct Envelope: Decodable {
        struct Ticket: Decodable { let queueSize: Int }
        let data: Ticket
    }
}
