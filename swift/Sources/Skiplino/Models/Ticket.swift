// Tickets and booking requests.
import Foundation

/// The status of a ticket. The API may add statuses.
public enum TicketStatus: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    /// Waiting in the queue.
    case waiting
    /// An appointment whose time is in the future.
    case upcoming
    /// Being served.
    case serving
    /// Served.
    case served
    /// Cancelled by the customer or the staff.
    case cancelled
    /// A value that this version does not know, as the API wrote it.
    case unknown(String)

    /// Creates a status from the API's value.
    public init(rawValue: String) {
        switch rawValue {
        case "waiting": self = .waiting
        case "upcoming": self = .upcoming
        case "serving": self = .serving
        case "served": self = .served
        case "cancelled": self = .cancelled
        default: self = .unknown(rawValue)
        }
    }

    /// The value as the API writes it.
    public var rawValue: String {
        switch self {
        case .waiting: "waiting"
        case .upcoming: "upcoming"
        case .serving: "serving"
        case .served: "served"
        case .cancelled: "cancelled"
        case .unknown(let text): text
        }
    }

    /// The value as the API writes it.
    public var description: String { rawValue }

    /// Whether the status is final: served or cancelled.
    public var isFinal: Bool { self == .served || self == .cancelled }
}

/// The type of a ticket. The API may add types.
public enum TicketType: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    /// A walk-in, with a number in the queue.
    case sequential
    /// An appointment at a booked time.
    case appointment
    /// A value that this version does not know, as the API wrote it.
    case unknown(String)

    /// Creates a type from the API's value.
    public init(rawValue: String) {
        switch rawValue {
        case "sequential": self = .sequential
        case "appointment": self = .appointment
        default: self = .unknown(rawValue)
        }
    }

    /// The value as the API writes it.
    public var rawValue: String {
        switch self {
        case .sequential: "sequential"
        case .appointment: "appointment"
        case .unknown(let text): text
        }
    }

    /// The value as the API writes it.
    public var description: String { rawValue }
}

/// The id and localised name of a branch, service or service group.
public struct NamedRef<Subject>: Sendable, Hashable, Identifiable, Codable {
    /// The id.
    public var id: Skiplino.ID<Subject>
    /// The name.
    public var name: String

    /// Creates a reference, for previews and tests.
    public init(id: Skiplino.ID<Subject>, name: String) {
        self.id = id
        self.name = name
    }
}

/// The customer of a ticket. Its printed form has the id and no name.
public struct TicketCustomer: Sendable, Hashable, Identifiable, Codable, Redacted {
    /// The customer's id.
    public var id: Customer.ID
    /// The customer's name, if known.
    public var name: String?

    /// A ticket's customer from its fields, for previews and tests.
    public init(id: Customer.ID, name: String? = nil) {
        self.id = id
        self.name = name
    }

    /// The id.
    public var description: String { "TicketCustomer(\(id))" }
}

/// A ticket.
public struct Ticket: Sendable, Hashable, Identifiable, Codable {
    /// The id of a ticket: 10 alphanumeric characters.
    public typealias ID = Skiplino.ID<Ticket>

    /// The ticket's id.
    public var id: ID
    /// The number on the ticket, such as `A042`.
    public var ticketNumber: String
    /// The status.
    public var status: TicketStatus
    /// When the status last changed.
    public var statusAt: Date
    /// Walk-in or appointment.
    public var type: TicketType
    /// The time of the appointment; `nil` for a walk-in.
    public var time: Date?
    /// The branch of the ticket.
    public var branch: NamedRef<Branch>
    /// The service of the ticket.
    public var service: NamedRef<Service>
    /// The service group of that service.
    public var groupOfService: NamedRef<BranchTreeGroup>
    /// The customer; `nil` for an anonymous walk-in.
    public var customer: TicketCustomer?
    /// When the ticket was booked.
    public var bookedAt: Date
    /// The number of people ahead while the ticket is waiting; the server may omit it.
    public var queueSize: Int?
    /// The estimated wait in minutes, rounded, while the ticket is waiting; the server may omit it.
    public var waitingTime: Int?

    /// A ticket from its fields, for previews and tests.
    public init(
        id: ID, ticketNumber: String, status: TicketStatus, statusAt: Date, type: TicketType, time: Date? = nil, branch: NamedRef<Branch>,
        service: NamedRef<Service>, groupOfService: NamedRef<BranchTreeGroup>, customer: TicketCustomer? = nil, bookedAt: Date,
        queueSize: Int? = nil, waitingTime: Int? = nil
    ) {
        self.id = id
        self.ticketNumber = ticketNumber
        self.status = status
        self.statusAt = statusAt
        self.type = type
        self.time = time
        self.branch = branch
        self.service = service
        self.groupOfService = groupOfService
        self.customer = customer
        self.bookedAt = bookedAt
        self.queueSize = queueSize
        self.waitingTime = waitingTime
    }

    private enum CodingKeys: String, CodingKey {
        case id, ticketNumber, status, statusAt, type, time, branch, service, groupOfService, customer, bookedAt, queueSize, waitingTime
    }

    /// Reads the API's JSON.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(ID.self, forKey: .id)
        ticketNumber = try values.decode(String.self, forKey: .ticketNumber)
        status = try values.decode(TicketStatus.self, forKey: .status)
        statusAt = try values.decode(Timestamp.self, forKey: .statusAt).date
        type = try values.decode(TicketType.self, forKey: .type)
        time = try values.decodeIfPresent(Timestamp.self, forKey: .time)?.date
        branch = try values.decode(NamedRef<Branch>.self, forKey: .branch)
        service = try values.decode(NamedRef<Service>.self, forKey: .service)
        groupOfService = try values.decode(NamedRef<BranchTreeGroup>.self, forKey: .groupOfService)
        customer = try values.decodeIfPresent(TicketCustomer.self, forKey: .customer)
        bookedAt = try values.decode(Timestamp.self, forKey: .bookedAt).date
        queueSize = try values.decodeIfPresent(Int.self, forKey: .queueSize)
        waitingTime = try values.decodeIfPresent(Int.self, forKey: .waitingTime)
    }

    /// Writes the API's JSON.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(id, forKey: .id)
        try values.encode(ticketNumber, forKey: .ticketNumber)
        try values.encode(status, forKey: .status)
        try values.encode(Timestamp(statusAt), forKey: .statusAt)
        try values.encode(type, forKey: .type)
        // A walk-in is written with a `null`.
        try values.encode(time.map(Timestamp.init), forKey: .time)
        try values.encode(branch, forKey: .branch)
        try values.encode(service, forKey: .service)
        try values.encode(groupOfService, forKey: .groupOfService)
        try values.encodeIfPresent(customer, forKey: .customer)
        try values.encode(Timestamp(bookedAt), forKey: .bookedAt)
        try values.encodeIfPresent(queueSize, forKey: .queueSize)
        try values.encodeIfPresent(waitingTime, forKey: .waitingTime)
    }
}

/// A position in degrees.
public struct Location: Sendable, Hashable, Codable {
    /// Degrees north, from -90 to 90.
    public var latitude: Double
    /// Degrees east, from -180 to 180.
    public var longitude: Double

    /// Creates a position.
    public init(latitude: Double, longitude: Double) {
        self.latitude = latitude
        self.longitude = longitude
    }
}

/// A booking request: a ``walkIn(service:group:customer:options:location:)`` or an
/// ``appointment(service:group:time:customer:options:location:)``. Its printed form has no data of
/// the customer.
public struct BookTicketRequest: Sendable, Hashable, Redacted {
    /// The service.
    public let service: Service.ID
    /// The service group of the service.
    public let group: BranchTreeGroup.ID
    /// The time of the appointment; `nil` for a walk-in.
    public let time: Date?
    /// The customer.
    public let customer: CustomerRef?
    /// The service's custom fields, a JSON object such as `["accountType": "savings"]`.
    public var options: JSONValue?
    /// The position of the customer.
    public var location: Location?

    /// A walk-in, which joins the queue of a service now. Without a customer, a booking whose
    /// response is lost cannot be recovered.
    public static func walkIn(
        service: Service.ID, group: BranchTreeGroup.ID, customer: CustomerRef? = nil, options: JSONValue? = nil, location: Location? = nil
    ) -> BookTicketRequest {
        BookTicketRequest(service: service, group: group, time: nil, customer: customer, options: options, location: location)
    }

    /// An appointment for a customer at a time from ``Slot/time``.
    public static func appointment(
        service: Service.ID, group: BranchTreeGroup.ID, time: Date, customer: CustomerRef, options: JSONValue? = nil,
        location: Location? = nil
    ) -> BookTicketRequest {
        BookTicketRequest(service: service, group: group, time: time, customer: customer, options: options, location: location)
    }

    /// The service and service group.
    public var description: String { "BookTicketRequest(service: \(service), group: \(group))" }
}
