import Foundation

/// A service that can be queued for.
public struct Service: Sendable, Hashable, Identifiable, Codable {
    /// The id of a service: 10 alphanumeric characters.
    public typealias ID = Skiplino.ID<Service>

    /// The service's id.
    public var id: ID
    /// Its name, localised.
    public var name: String
    /// Whether it is open now.
    public var isOpen: Bool
    /// Whether it can be booked for a time.
    public var isAppointment: Bool

    /// A service by its parts, for previews and tests.
    public init(id: ID, name: String, isOpen: Bool, isAppointment: Bool) {
        self.id = id
        self.name = name
        self.isOpen = isOpen
        self.isAppointment = isAppointment
    }
}

/// A time that an appointment can be booked for.
public struct Slot: Sendable, Hashable, Identifiable, Codable {
    /// When it begins; what a booking names.
    public var time: Date
    /// Places left.
    public var remaining: Int

    /// Its time: no service has two slots at the same one.
    public var id: Date { time }

    /// A slot by its parts, for previews and tests.
    public init(time: Date, remaining: Int) {
        self.time = time
        self.remaining = remaining
    }

    private enum CodingKeys: String, CodingKey {
        case time, remaining
    }

    /// Reads the API's JSON.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        time = try values.decode(Timestamp.self, forKey: .time).date
        remaining = try values.decode(Int.self, forKey: .remaining)
    }

    /// Writes the API's JSON.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(Timestamp(time), forKey: .time)
        try values.encode(remaining, forKey: .remaining)
    }
}
