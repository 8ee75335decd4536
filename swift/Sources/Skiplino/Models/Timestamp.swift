// Times in the JSON of records.
import Foundation

/// A time as the API writes it: ISO 8601 in UTC with milliseconds, regardless of the date strategy
/// of the coder.
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
        // Some formatters truncate, others round: slightly after the millisecond, both give the
        // same text.
        let shown = Date(milliseconds: date.milliseconds).addingTimeInterval(0.000_1)
        try container.encode(shown.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}

extension Date {
    /// Creates a date from milliseconds since 1970.
    init(milliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// Milliseconds since 1970, the precision of the API. A date that does not fit becomes the
    /// nearest value that does.
    var milliseconds: Int64 {
        let exact = (timeIntervalSince1970 * 1000).rounded()
        return Int64(exactly: exact) ?? (exact < 0 ? .min : .max)
    }
}
