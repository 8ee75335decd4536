// benches CANNED one|wide: the Swift part of `make bench`, with the server with canned responses.
import Foundation
import Skiplino

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

private let ticket: Skiplino.Ticket.ID = "k7m2p9x4q1"
private let wide = 64

@main
struct Benches {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { throw Failure.noServer }
        let server = try Server(arguments[1])
        try await arguments[2] == "wide" ? wideOnes(server) : singleOnes(server)
        server.stop()
    }

    private static func singleOnes(_ server: Server) async throws {
        let (skiplino, handWritten) = try (client(server.address), HandWritten(server.address))
        try await race(
            "a ticket, one at a time",
            [
                Contestant(name: "skiplino") { for _ in 0..<$0 { try await getTicket(skiplino) } },
                Contestant(name: "URLSession + Codable", goal: 2) { for _ in 0..<$0 { try await handWritten.getTicket() } },
            ])
        try await race(
            "a page of 100 customers",
            [
                Contestant(name: "skiplino") { for _ in 0..<$0 { try await getPage(skiplino) } },
                Contestant(name: "URLSession + Codable") { for _ in 0..<$0 { try await handWritten.getPage() } },
            ])
        try await rejection(skiplino)
        try await cancellation()
    }

    private static func wideOnes(_ server: Server) async throws {
        let (skiplino, handWritten) = try (client(server.address), HandWritten(server.address))
        try await race(
            "a ticket, \(wide) in flight",
            [
                Contestant(name: "skiplino") { try await inFlight($0) { try await getTicket(skiplino) } },
                Contestant(name: "URLSession + Codable", goal: 3) { try await inFlight($0) { try await handWritten.getTicket() } },
            ])
    }

    /// The processor time of a call that is rejected before any request.
    private static func rejection(_ client: SkiplinoClient) async throws {
        let count = 10_000
        var rounds: [Duration] = []
        for _ in 0..<7 {
            let began = clock()
            for _ in 0..<count {
                do {
                    _ = try await client.tickets.get("")
                    throw Failure.wrongAnswer
                } catch let error as SkiplinoError {
                    guard error.kind == .invalidRequest else { throw Failure.wrongAnswer }
                }
            }
            let took = Duration.microseconds(Int64(clock() - began) * 1_000_000 / Int64(CLOCKS_PER_SEC))
            rounds.append(took / count)
        }
        try limit("a call rejected here", median(rounds), goal: .microseconds(20))
    }

    /// The time from cancelling a task to the end of its connection at the server.
    private static func cancellation() async throws {
        let silence = try Silence()
        let client = try client(silence.address)
        var rounds: [Duration] = []
        for _ in 0..<20 {
            let (received, continuation) = AsyncStream.makeStream(of: Void.self)
            async let hungUp = silence.hungUp { continuation.yield() }
            let task = Task { try await client.tickets.get(ticket) }
            for await _ in received { break }
            let began = ContinuousClock.now
            task.cancel()
            rounds.append(try await began.duration(to: hungUp))
        }
        try limit("cancelled to hung up, worst", rounds.max() ?? .zero, goal: .milliseconds(100))
    }

    private static func client(_ address: URL) throws -> SkiplinoClient {
        try SkiplinoClient(apiKey: "sk_bench", configuration: .init(baseURL: address))
    }

    private static func getTicket(_ client: SkiplinoClient) async throws {
        guard try await client.tickets.get(ticket).queueSize == 6 else { throw Failure.wrongAnswer }
    }

    private static func getPage(_ client: SkiplinoClient) async throws {
        let page = try await client.customers.list().page(1)
        guard page.items.count == 100, page.items[99].metadata?["tier"]?.string == "gold" else { throw Failure.wrongAnswer }
    }

    private static func inFlight(_ count: Int, _ call: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<wide {
                group.addTask { for _ in 0..<max(1, count / wide) { try await call() } }
            }
            try await group.waitForAll()
        }
    }
}

/// A client written by hand: one session, and structs for the responses.
private struct HandWritten: Sendable {
    private let session: URLSession
    private let ticket: URLRequest
    private let page: URLRequest

    init(_ address: URL) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = wide
        session = URLSession(configuration: configuration)
        func request(_ path: String) -> URLRequest {
            var request = URLRequest(url: URL(string: "\(address)/\(path)") ?? address)
            request.setValue("Bearer sk_bench", forHTTPHeaderField: "Authorization")
            return request
        }
        ticket = request("tickets/k7m2p9x4q1")
        page = request("customers/getAll?page=1&limit=100")
    }

    func getTicket() async throws {
        let (data, _) = try await session.data(for: ticket)
        guard try JSONDecoder().decode(Envelope<Ticket>.self, from: data).data.queueSize == 6 else { throw Failure.wrongAnswer }
    }

    func getPage() async throws {
        let (data, _) = try await session.data(for: page)
        let customers = try JSONDecoder().decode(Envelope<[Customer]>.self, from: data).data
        guard customers.count == 100, customers[99].metadata?.tier == "gold" else { throw Failure.wrongAnswer }
    }

    // Times stay strings, which is less work than the SDK does.
    private struct Envelope<Content: Decodable>: Decodable {
        let message: String
        let data: Content
    }

    private struct Ticket: Decodable {
        struct Named: Decodable {
            let id: String
            let name: String
        }
        let id, ticketNumber, status, statusAt, type, bookedAt: String
        let time: String?
        let branch, service, groupOfService: Named
        let customer: Named?
        let queueSize, waitingTime: Int?
    }

    private struct Customer: Decodable {
        struct Metadata: Decodable {
            let tier: String?
            let visits: Int?
        }
        let _id, companyId, createdAt, updatedAt: String
        let externalId, name, email, mobile: String?
        let metadata: Metadata?
    }
}
