import Foundation

/// A way to do some work. Whoever comes first in a race is ours; `goal` says how many times faster ours has to be.
struct Contestant {
    let name: String
    var goal: Double?
    let run: (Int) async throws -> Void
}

/// Rounds in which every contestant has its turn, and how long a turn lasts.
private let rounds = ProcessInfo.processInfo.environment["SKIPLINO_BENCH_ROUNDS"].flatMap(Int.init) ?? 7
private let turn = Duration.milliseconds(400)

/// Lets the contestants take turns, and prints a row for each but ours: the medians of the rates, and of their ratio, round by round.
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

/// Prints how many microseconds something takes, of which there may be so many.
func limit(_ work: String, _ took: Duration, goal: Duration) throws {
    let microsecond = Duration.microseconds(1)
    try Row(work: work, unit: "µs", ours: took / microsecond, goal: goal / microsecond).print()
}

/// A row of the table that `table.py` makes.
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

/// How many fill a turn.
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
