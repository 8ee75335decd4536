// Joins a queue from the terminal and shows the changes of the ticket. Set SKIPLINO_API_KEY and
// SKIPLINO_BASE_URL.
import Dispatch
import Foundation
import Skiplino

@main
struct QueueCLI {
    static func main() async {
        do {
            try await QueueCLI().run()
        } catch let error as SkiplinoError {
            fail(error.localizedDescription)
        } catch {
            fail("\(error)")
        }
    }

    private let client: SkiplinoClient

    init() throws {
        let settings = ProcessInfo.processInfo.environment
        client = try SkiplinoClient(
            apiKey: settings["SKIPLINO_API_KEY"] ?? "",
            configuration: .init(baseURL: settings["SKIPLINO_BASE_URL"].flatMap(URL.init(string:)), locale: settings["SKIPLINO_LOCALE"]))
    }

    func run() async throws {
        let branch = choose("Which branch?", from: try await client.branches.list()) {
            $0.isOpen ? $0.name : "\($0.name) (closed)"
        }
        let groups = try await client.branches.tree(of: branch.id)
        let choices = groups.flatMap { group in group.services.map { (group: group, service: $0) } }
        let (group, service) = choose("What for?", from: choices) {
            "\($0.service.name), \($0.group.name)" + ($0.service.isOpen ? "" : " (closed)")
        }

        // From here on Ctrl-C asks a question instead of ending the program.
        let interrupts = await Interrupts()
        let ticket = try await client.tickets.book(.walkIn(service: service.id, group: group.id))
        print("Your number is \(ticket.ticketNumber), for \(ticket.service.name) at \(ticket.branch.name).")
        let last = try await follow(ticket, interrupts.events)
        client.close()
        print(last.status == .served ? "Served. Goodbye!" : "Your ticket is \(last.status).")
    }

    /// Shows a ticket's changes until it is served or cancelled, and asks at each Ctrl-C whether to
    /// cancel it.
    private func follow(_ ticket: Ticket, _ interrupts: AsyncStream<Void>) async throws -> Ticket {
        let following = Task {
            var last = ticket
            for try await ticket in client.tickets.watch(ticket.id) {
                show(ticket)
                last = ticket
            }
            return last
        }
        let asking = Task {
            for await _ in interrupts {
                if ask("\nGive up your place? [y/N]")?.lowercased() == "y" { return following.cancel() }
                print("You keep it.")
            }
        }
        defer { asking.cancel() }
        do {
            return try await following.value
        } catch let error as SkiplinoError where error.kind == .cancelled {
            // Leaving the program does not cancel the booking: cancel it here.
            return try await client.tickets.cancel(ticket.id)
        }
    }

    private func show(_ ticket: Ticket) {
        // Unbuffered, even into a pipe.
        defer { fflush(nil) }
        switch ticket.status {
        case .waiting:
            let place = ticket.queueSize.map { $0 == 0 ? "you are next" : "\($0) ahead of you" } ?? "waiting"
            let time = ticket.waitingTime.map { ", about \($0) min" } ?? ""
            print("\(ticket.ticketNumber): \(place)\(time)")
        case .serving: print("\(ticket.ticketNumber): it is your turn!")
        case .served, .cancelled: break
        // A status that this version does not know is shown as the API wrote it.
        case let other: print("\(ticket.ticketNumber): \(other)")
        }
    }
}

/// Each Ctrl-C, which then no longer ends the program.
private final class Interrupts {
    let events: AsyncStream<Void>
    private let source = DispatchSource.makeSignalSource(signal: SIGINT)

    init() async {
        signal(SIGINT, SIG_IGN)
        let (events, continuation) = AsyncStream.makeStream(of: Void.self)
        self.events = events
        source.setEventHandler { continuation.yield() }
        // A signal before the registration would be lost.
        await withCheckedContinuation { registered in
            source.setRegistrationHandler { registered.resume() }
            source.resume()
        }
    }
}

private func choose<Choice>(_ question: String, from choices: [Choice], name: (Choice) -> String) -> Choice {
    for (number, choice) in choices.enumerated() { print("  \(number + 1)  \(name(choice))") }
    while let answer = ask(question) {
        if let number = Int(answer), choices.indices.contains(number - 1) { return choices[number - 1] }
        print("A number from 1 to \(choices.count), please.")
    }
    fail("nothing was chosen")
}

private func ask(_ question: String) -> String? {
    print(question, terminator: " ")
    fflush(nil)
    return readLine()?.trimmingCharacters(in: .whitespaces)
}

private func fail(_ text: String) -> Never {
    FileHandle.standardError.write(Data("queue-cli: \(text)\n".utf8))
    exit(1)
}
