// Customers and their requests.
import Foundation

/// A record of the customer directory. Its printed form has the id and no personal data.
public struct Customer: Sendable, Hashable, Identifiable, Codable, Redacted {
    /// The id of a customer (`_id`), made by the server: 32 hexadecimal characters.
    public typealias ID = Skiplino.ID<Customer>

    /// The server's id (`_id`).
    public var id: ID
    /// The external id, which you chose; unique in the company.
    public var externalID: String?
    /// The id of the company that owns the record.
    public var companyID: String
    /// The customer's name.
    public var name: String?
    /// The customer's e-mail address.
    public var email: String?
    /// The customer's mobile number.
    public var mobile: String?
    /// Custom data, a JSON object. Each access parses the server's text: keep the value if you need
    /// it more than once. A call whose response has metadata that cannot be read throws a
    /// ``SkiplinoError`` of the kind `decode`.
    public var metadata: JSONValue? {
        get { storedMetadata.value }
        set { storedMetadata = LazyJSON(newValue) }
    }
    /// When the record was created.
    public var createdAt: Date
    /// When the record was last changed.
    public var updatedAt: Date

    // Parsed lazily: directories are long, and few callers read it.
    private var storedMetadata: LazyJSON

    /// A customer from its fields, for previews and tests.
    public init(
        id: ID, externalID: String? = nil, companyID: String, name: String? = nil, email: String? = nil, mobile: String? = nil,
        metadata: JSONValue? = nil, createdAt: Date, updatedAt: Date
    ) {
        self.init(
            id: id, externalID: externalID, companyID: companyID, name: name, email: email, mobile: mobile, metadata: LazyJSON(metadata),
            createdAt: createdAt, updatedAt: updatedAt)
    }

    init(
        id: ID, externalID: String?, companyID: String, name: String?, email: String?, mobile: String?, metadata: LazyJSON,
        createdAt: Date, updatedAt: Date
    ) {
        self.id = id
        self.externalID = externalID
        self.companyID = companyID
        self.name = name
        self.email = email
        self.mobile = mobile
        self.storedMetadata = metadata
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// The id.
    public var description: String { "Customer(\(id))" }

    private enum CodingKeys: String, CodingKey {
        case id = "_id"
        case externalID = "externalId"
        case companyID = "companyId"
        case name, email, mobile, metadata, createdAt, updatedAt
    }

    /// Reads the API's JSON.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(ID.self, forKey: .id)
        externalID = try values.decodeIfPresent(String.self, forKey: .externalID)
        companyID = try values.decode(String.self, forKey: .companyID)
        name = try values.decodeIfPresent(String.self, forKey: .name)
        email = try values.decodeIfPresent(String.self, forKey: .email)
        mobile = try values.decodeIfPresent(String.self, forKey: .mobile)
        storedMetadata = LazyJSON(try values.decodeIfPresent(JSONValue.self, forKey: .metadata))
        createdAt = try values.decode(Timestamp.self, forKey: .createdAt).date
        updatedAt = try values.decode(Timestamp.self, forKey: .updatedAt).date
    }

    /// Writes the API's JSON.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(id, forKey: .id)
        try values.encodeIfPresent(externalID, forKey: .externalID)
        try values.encode(companyID, forKey: .companyID)
        try values.encodeIfPresent(name, forKey: .name)
        try values.encodeIfPresent(email, forKey: .email)
        try values.encodeIfPresent(mobile, forKey: .mobile)
        try values.encodeIfPresent(metadata, forKey: .metadata)
        try values.encode(Timestamp(createdAt), forKey: .createdAt)
        try values.encode(Timestamp(updatedAt), forKey: .updatedAt)
    }
}

/// A new customer. All fields are optional; empty fields are not stored. Its printed form has no
/// personal data.
public struct CustomerWriteRequest: Sendable, Hashable, Redacted {
    /// The external id, which you choose; unique in the company. Recommended: with it, a retry
    /// cannot create a second customer.
    public var externalID: String?
    /// The customer's name.
    public var name: String?
    /// The customer's e-mail address.
    public var email: String?
    /// The customer's mobile number.
    public var mobile: String?
    /// Custom data, a JSON object.
    public var metadata: JSONValue?

    /// A new customer.
    public init(
        externalID: String? = nil, name: String? = nil, email: String? = nil, mobile: String? = nil, metadata: JSONValue? = nil
    ) {
        self.externalID = externalID
        self.name = name
        self.email = email
        self.mobile = mobile
        self.metadata = metadata
    }

    /// By the external id.
    public var description: String { "CustomerWriteRequest(externalID: \(externalID ?? "none"))" }
}

/// An update of a customer. Fields that are `nil` keep their values. Its printed form has no
/// personal data.
public struct CustomerUpdateRequest: Sendable, Hashable, Redacted {
    /// The customer to update.
    public let customer: CustomerRef
    /// A new external id; needs a ``customer`` that is identified by the server's id.
    public var externalID: String?
    /// The customer's name.
    public var name: String?
    /// The customer's e-mail address.
    public var email: String?
    /// The customer's mobile number.
    public var mobile: String?
    /// Custom data, a JSON object. It replaces the stored object as a whole.
    public var metadata: JSONValue?

    /// An update of this customer.
    public init(
        _ customer: CustomerRef, externalID: String? = nil, name: String? = nil, email: String? = nil, mobile: String? = nil,
        metadata: JSONValue? = nil
    ) {
        self.customer = customer
        self.externalID = externalID
        self.name = name
        self.email = email
        self.mobile = mobile
        self.metadata = metadata
    }

    /// The customer to update.
    public var description: String { "CustomerUpdateRequest(\(customer))" }
}
