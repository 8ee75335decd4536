/// A way to do some work. Whoever comes first in a race is ours; `goal` says how many times faster ours has to be.
struct Contestant {
    let name: String
    var goal: Double?
    let run: (Int) async throws -> Void
}

/// Rounds in which every contestant has its turn, and how long a turn lasts.
private let rounds = 7
private let turn = Duration.milliseconds(400)

/// Lets the contestants take turns, and prints the median of their rates and of their ratios, round by round, to ours. Whether all goals
/// are reached.
func race(_ work: String, _ contestants: [Contestant]) async throws -> Bool {
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
    var reached = true
    for (index, contestant) in contestants.enumerated() {
        let rate = String(Int((1 / median(seconds[index])).rounded()))
        var line = padded(work, 28) + padded(contestant.name, 24) + padded(rate, -8) + "/s"
        if index > 0 {
            let ratio = median(zip(seconds[0], seconds[index]).map { $1 / $0 })
            line += "   \(contestants[0].name): \(shown(ratio)) ×"
            if let goal = contestant.goal {
                reached = reached && ratio >= goal
                line += " (goal \(shown(goal)): \(ratio >= goal ? "reached" : "MISSED"))"
            }
        }
        print(line)
    }
    return reached
}

/// Prints what something takes, of which there may be so much. Whether it is no more.
func limit(_ work: String, _ name: String, _ took: Duration, goal: Duration) -> Bool {
    let reached = took <= goal
    print(padded(work, 28) + padded(name, 24) + padded(shown(took), -10) + "   (goal \(shown(goal)): \(reached ? "reached" : "MISSED"))")
    return reached
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

private func padded(_ text: String, _ width: Int) -> String {
    let space = String(repeating: " ", count: max(0, abs(width) - text.count))
    return width > 0 ? text + space + " " : space + text
}

private func shown(_ ratio: Double) -> String {
    String(Double(Int((ratio * 100).rounded())) / 100)
}

private func shown(_ time: Duration) -> String {
    let microseconds = time / Duration.microseconds(1)
    return microseconds < 1000 ? "\(shown(microseconds)) µs" : "\(shown(microseconds / 1000)) ms"
}
