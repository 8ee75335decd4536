// Branches and service groups.
/// A branch.
public struct Branch: Sendable, Hashable, Identifiable, Codable {
    /// The id of a branch: 10 alphanumeric characters in the published examples.
    public typealias ID = Skiplino.ID<Branch>

    /// The branch's id.
    public var id: ID
    /// The name, localised.
    public var name: String
    /// Whether the branch is open now, in the company's time zone (`branchStatus.isBranchOpen`).
    public var isOpen: Bool

    /// A branch from its fields, for previews and tests.
    public init(id: ID, name: String, isOpen: Bool) {
        self.id = id
        self.name = name
        self.isOpen = isOpen
    }

    private enum CodingKeys: String, CodingKey {
        case id, name
        case status = "branchStatus"
    }

    private struct Status: Codable {
        let isBranchOpen: Bool
    }

    /// Reads the API's JSON.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(ID.self, forKey: .id)
        name = try values.decode(String.self, forKey: .name)
        isOpen = try values.decode(Status.self, forKey: .status).isBranchOpen
    }

    /// Writes the API's JSON.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(id, forKey: .id)
        try values.encode(name, forKey: .name)
        try values.encode(Status(isBranchOpen: isOpen), forKey: .status)
    }
}

/// A service group of a branch.
public struct BranchTreeGroup: Sendable, Hashable, Identifiable, Codable {
    /// The id of a service group (`groupOfServiceId`): 10 alphanumeric characters in the published
    /// examples.
    public typealias ID = Skiplino.ID<BranchTreeGroup>

    /// The group's id. A booking needs this id and the service's id.
    public var id: ID
    /// The name, localised.
    public var name: String
    /// The active services of the group.
    public var services: [Service]

    /// A group from its fields, for previews and tests.
    public init(id: ID, name: String, services: [Service]) {
        self.id = id
        self.name = name
        self.services = services
    }
}
