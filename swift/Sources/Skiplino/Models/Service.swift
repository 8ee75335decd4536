// Services and slots.
import Foundation

/// A service of a branch.
public struct Service: Sendable, Hashable, Identifiable, Codable {
    /// The id of a service: 10 alphanumeric characters.
    public typealias ID = Skiplino.ID<Service>

    /// The service's id.
    public var id: ID
    /// The name, localised.
    public var name: String
    /// Whether the service is open now.
    public var isOpen: Bool
    /// Whether the service takes appointments.
    public var isAppointment: Bool

    /// A service from its fields, for previews and tests.
    public init(id: ID, name: String, isOpen: Bool, isAppointment: Bool) {
        self.id = id
        self.name = name
        self.isOpen = isOpen
        self.isAppointment = isAppointment
    }
}

/// An appointment slot.
public struct Slot: Sendable, Hashable, Identifiable, Codable {
    /// The start of the slot, which a booking takes.
    public var time: Date
    /// The number of free places.
    public var remaining: Int

    /// The time, which is unique among the slots of a service.
    public var id: Date { time }

    /// A slot from its fields, for previews and tests.
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
