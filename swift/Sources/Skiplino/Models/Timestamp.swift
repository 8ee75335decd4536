import Foundation

/// A moment as the API writes it: ISO 8601 in UTC, with milliseconds. Records are the same JSON whatever coder is used.
struct Timestamp: Codable {
    let date: Date

    init(_ date: Date) {
        self.date = date
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let styles = [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()]
        guard let date = styles.lazy.compactMap({ try? $0.parse(text) }).first else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time as 2026-06-23T11:00:00.000Z")
        }
        self.date = Date(milliseconds: date.milliseconds)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        // Some formatters cut the rest off, others round it: a hair after the millisecond they agree.
        let shown = Date(milliseconds: date.milliseconds).addingTimeInterval(0.000_1)
        try container.encode(shown.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}

extension Date {
    /// The moment so many milliseconds after 1970 began.
    init(milliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// Milliseconds since 1970 began: what the API's times are exact to. A moment that no number holds is the nearest that one does.
    var milliseconds: Int64 {
        let exact = (timeIntervalSince1970 * 1000).rounded()
        return Int64(exactly: exact) ?? (exact < 0 ? .min : .max)
    }
}
