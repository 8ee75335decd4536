// Races between contestants that take turns, and the rows that they print.
import Foundation

/// One implementation of some work. The first contestant of a race is ours; `goal` is the ratio of
/// speeds to reach.
struct Contestant {
    let name: String
    var goal: Double?
    let run: (Int) async throws -> Void
}

/// The number of rounds, and the duration of a turn.
private let rounds = ProcessInfo.processInfo.environment["SKIPLINO_BENCH_ROUNDS"].flatMap(Int.init) ?? 7
private let turn = Duration.milliseconds(400)

/// Lets the contestants take turns. Prints a row for each contestant except ours: the median rates,
/// and the median of their ratio in each round.
func race(_ work: String, _ contestants: [Contestant]) async throws {
    var counts: [Int] = []
    for contestant in contestants { counts.append(try await fitting(contestant.run)) }
    var seconds = Array(repeating: [Double](), count: contestants.count)
    for _ in 0..<rounds {
        for (index, contestant) in contestants.enumerated() {
            let took = try await timed { try await contestant.run(counts[index]) }
            let each: Duration = took / counts[index]
            seconds[index].append(each / Duration.seconds(1))
        }
    }
    for (index, contestant) in contestants.enumerated().dropFirst() {
        try Row(
            work: work, unit: "/s", name: contestants[0].name, ours: 1 / median(seconds[0]), peer: contestant.name,
            theirs: 1 / median(seconds[index]), ratio: median(zip(seconds[0], seconds[index]).map { $1 / $0 }), goal: contestant.goal
        ).print()
    }
}

/// Prints the duration of some work in microseconds, which must be at most `goal`.
func limit(_ work: String, _ took: Duration, goal: Duration) throws {
    let microsecond = Duration.microseconds(1)
    try Row(work: work, unit: "µs", ours: took / microsecond, goal: goal / microsecond).print()
}

/// A row of the table that `table.py` builds.
private struct Row: Encodable {
    var host = "Swift"
    let work, unit: String
    var name: String?
    let ours: Double
    var peer: String?
    var theirs, ratio, goal: Double?

    func print() throws {
        Swift.print(String(decoding: try JSONEncoder().encode(self), as: UTF8.self))
    }
}

/// The number of calls that fill a turn.
private func fitting(_ run: (Int) async throws -> Void) async throws -> Int {
    var count = 64
    while true {
        let took = try await timed { try await run(count) }
        if took >= turn / 2 { return max(1, Int(Double(count) * (turn / took))) }
        count *= 2
    }
}

func timed(_ work: () async throws -> Void) async throws -> Duration {
    let began = ContinuousClock.now
    try await work()
    return began.duration(to: .now)
}

func median<Value: Comparable>(_ values: [Value]) -> Value {
    values.sorted()[values.count / 2]
}
