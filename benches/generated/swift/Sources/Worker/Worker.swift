// Worker BASE_URL: like the SDK's worker, with the Swift client of openapi-generator.
import Generated

@main
struct Worker {
    static func main() async throws {
        let configuration = GeneratedAPIConfiguration.shared
        configuration.basePath = CommandLine.arguments[1]
        configuration.customHeaders = ["Authorization": "Bearer sk_bench"]
        try await serve { work in
            switch work {
            case "ticket":
                guard try await TicketsAPI.getTicket(id: "k7m2p9x4q1").data.queueSize == 6 else { throw Failure.wrongAnswer }
            case "page":
                guard try await CustomersAPI.listCustomers(page: 1, limit: 100).data.count == 100 else { throw Failure.wrongAnswer }
            default: throw Failure.notACommand
            }
        }
    }
}
