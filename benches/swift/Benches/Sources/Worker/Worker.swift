// Worker BASE_URL: a process with one client, which runs commands.
import Foundation
import Skiplino

@main
struct Worker {
    static func main() async throws {
        guard let address = CommandLine.arguments.dropFirst().first.flatMap(URL.init) else { throw Failure.notACommand }
        let client = try SkiplinoClient(apiKey: "sk_bench", configuration: .init(baseURL: address))
        try await serve { work in
            switch work {
            case "ticket": guard try await client.tickets.get("k7m2p9x4q1").queueSize == 6 else { throw Failure.wrongAnswer }
            case "page": guard try await client.customers.list().page(1).items.count == 100 else { throw Failure.wrongAnswer }
            default: throw Failure.notACommand
            }
        }
    }
}
