import Foundation

/// Where a ticket stands. The set is open: the API may add to it.
public enum TicketStatus: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    /// In the queue.
    case waiting
    /// An appointment whose time has not come.
    case upcoming
    /// At the counter.
    case serving
    /// Done.
    case served
    /// Given up, by the customer or the staff.
    case cancelled
    /// A value that this version does not know, as it came.
    case unknown(String)

    /// A status from the API's text for it.
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

    /// The API's text for it.
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

    /// The API's text for it.
    public var description: String { rawValue }

    /// Whether it is the last one that a ticket has: served or cancelled.
    public var isFinal: Bool { self == .served || self == .cancelled }
}

/// How a ticket came to be. The set is open: the API may add to it.
public enum TicketType: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    /// A walk-in, numbered in the order of the queue.
    case sequential
    /// Booked for a time.
    case appointment
    /// A value that this version does not know, as it came.
    case unknown(String)

    /// A type from the API's text for it.
    public init(rawValue: String) {
        switch rawValue {
        case "sequential": self = .sequential
        case "appointment": self = .appointment
        default: self = .unknown(rawValue)
        }
    }

    /// The API's text for it.
    public var rawValue: String {
        switch self {
        case .sequential: "sequential"
        case .appointment: "appointment"
        case .unknown(let text): text
        }
    }

    /// The API's text for it.
    public var description: String { rawValue }
}

/// The id and the localised name of something that a ticket is about.
public struct NamedRef<Subject>: Sendable, Hashable, Identifiable, Codable {
    /// Its id.
    public var id: Skiplino.ID<Subject>
    /// Its name.
    public var name: String

    /// Both of them, for previews and tests.
    public init(id: Skiplino.ID<Subject>, name: String) {
        self.id = id
        self.name = name
    }
}

/// The customer of a ticket. Prints its id and no name.
public struct TicketCustomer: Sendable, Hashable, Identifiable, Codable, Redacted {
    /// The customer's id.
    public var id: Customer.ID
    /// The customer's name, if there is one.
    public var name: String?

    /// A ticket's customer by its parts, for previews and tests.
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
    /// The number that is called, as in `A042`.
    public var ticketNumber: String
    /// Where it stands.
    public var status: TicketStatus
    /// Since when it stands there.
    public var statusAt: Date
    /// Walk-in or appointment.
    public var type: TicketType
    /// The appointment's time; none for a walk-in.
    public var time: Date?
    /// Where it was booked.
    public var branch: NamedRef<Branch>
    /// What it was booked for.
    public var service: NamedRef<Service>
    /// The group of that service.
    public var groupOfService: NamedRef<BranchTreeGroup>
    /// For whom; none for an anonymous walk-in.
    public var customer: TicketCustomer?
    /// When it was booked.
    public var bookedAt: Date
    /// People ahead, while it is waiting; optional even then.
    public var queueSize: Int?
    /// Minutes to wait, rounded, while it is waiting; optional even then.
    public var waitingTime: Int?

    /// A ticket by its parts, for previews and tests.
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
        // A walk-in says that it has none.
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

/// Degrees north and east.
public struct Location: Sendable, Hashable, Codable {
    /// Degrees north, from -90 to 90.
    public var latitude: Double
    /// Degrees east, from -180 to 180.
    public var longitude: Double

    /// A place by its degrees.
    public init(latitude: Double, longitude: Double) {
        self.latitude = latitude
        self.longitude = longitude
    }
}

/// What to book: a ``walkIn(service:group:customer:options:location:)`` or an
/// ``appointment(service:group:time:customer:options:location:)``. Prints nothing about the customer.
public struct BookTicketRequest: Sendable, Hashable, Redacted {
    /// What is queued for.
    public let service: Service.ID
    /// The group that the service is in.
    public let group: BranchTreeGroup.ID
    /// The appointment's time; none for a walk-in.
    public let time: Date?
    /// For whom.
    public let customer: CustomerRef?
    /// What the service asks for, an object, as in `["accountType": "savings"]`.
    public var options: JSONValue?
    /// Where the customer is.
    public var location: Location?

    /// Joins the queue of a service now. A walk-in may do without a customer, but if its answer is then lost, nobody can say
    /// whether it was booked.
    public static func walkIn(
        service: Service.ID, group: BranchTreeGroup.ID, customer: CustomerRef? = nil, options: JSONValue? = nil, location: Location? = nil
    ) -> BookTicketRequest {
        BookTicketRequest(service: service, group: group, time: nil, customer: customer, options: options, location: location)
    }

    /// Takes a place in a slot of a service, at a time from ``Slot/time``, for a customer.
    public static func appointment(
        service: Service.ID, group: BranchTreeGroup.ID, time: Date, customer: CustomerRef, options: JSONValue? = nil,
        location: Location? = nil
    ) -> BookTicketRequest {
        BookTicketRequest(service: service, group: group, time: time, customer: customer, options: options, location: location)
    }

    /// The service and its group.
    public var description: String { "BookTicketRequest(service: \(service), group: \(group))" }
}
