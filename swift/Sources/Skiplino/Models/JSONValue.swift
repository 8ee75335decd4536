import Foundation

/// A value of JSON, for what has no shape of its own: a customer's `metadata`, and the `options` of a booking.
///
/// ```swift
/// let options: JSONValue = ["accountType": "savings", "wantsCard": true]
/// options["accountType"]?.string  // "savings"
/// ```
///
/// Whole numbers from `Int64` keep their exact value, all others become a `Double`; the two are equal where their values are.
public enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A text.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// Values by name.
    case object([String: JSONValue])

    /// The value of a name; `nil` where there is none, or where this is no object.
    public subscript(name: String) -> JSONValue? {
        if case .object(let values) = self { values[name] } else { nil }
    }

    /// The value at a place; `nil` where there is none, or where this is no list.
    public subscript(index: Int) -> JSONValue? {
        if case .array(let values) = self, values.indices.contains(index) { values[index] } else { nil }
    }

    /// The text, if this is one.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// True or false, if this is one of them.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The number, if this is one.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The number, if this is a whole one.
    public var int: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }
}

extension JSONValue: Hashable {
    /// Whether two are the same JSON; 1 and 1.0 are.
    public static func == (one: JSONValue, other: JSONValue) -> Bool {
        switch (one, other) {
        case (.null, .null): true
        case (.bool(let one), .bool(let other)): one == other
        case (.integer(let one), .integer(let other)): one == other
        case (.number(let one), .number(let other)): one == other
        case (.integer(let whole), .number(let number)), (.number(let number), .integer(let whole)): Int64(exactly: number) == whole
        case (.string(let one), .string(let other)): one == other
        case (.array(let one), .array(let other)): one == other
        case (.object(let one), .object(let other)): one == other
        default: false
        }
    }

    /// Feeds a hasher.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .number(let value):
            // Equal values have equal hashes.
            if let whole = Int64(exactly: value) { hasher.combine(whole) } else { hasher.combine(value) }
        case .string(let text): hasher.combine(text)
        case .array(let values): hasher.combine(values)
        case .object(let values): hasher.combine(values)
        }
    }
}

extension JSONValue: Codable {
    /// Reads any JSON.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let values = try? container.decode([String: JSONValue].self) {
            self = .object(values)
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .array(try container.decode([JSONValue].self))
        }
    }

    /// Writes the JSON.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let text): try container.encode(text)
        case .array(let values): try container.encode(values)
        case .object(let values): try container.encode(values)
        }
    }
}

extension JSONValue {
    /// Reads a JSON text; `nil` where it is none.
    init?(json: String) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)) else { return nil }
        self = value
    }

    /// The JSON text; `nil` for a number that JSON has no words for.
    var json: String? {
        (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A value of JSON, or the text that it is read from each time that it is asked for.
enum LazyJSON: Sendable, Hashable {
    case read(JSONValue?)
    case text(String)

    init(_ value: JSONValue?) {
        self = .read(value)
    }

    var value: JSONValue? {
        switch self {
        case .read(let value): value
        case .text(let text): JSONValue(json: text)
        }
    }

    // However the text is written.
    static func == (one: LazyJSON, other: LazyJSON) -> Bool {
        if case (.text(let one), .text(let other)) = (one, other), one == other { return true }
        return one.value == other.value
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(value)
    }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// `nil` is `null`.
    public init(nilLiteral: ()) { self = .null }
    /// `true` or `false` as it stands in a program.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A whole number as it stands in a program.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A number as it stands in a program.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A text as it stands in a program.
    public init(stringLiteral text: String) { self = .string(text) }
    /// A list as it stands in a program.
    public init(arrayLiteral values: JSONValue...) { self = .array(values) }
    /// An object as it stands in a program; of a name that stands there twice the last value counts.
    public init(dictionaryLiteral values: (String, JSONValue)...) {
        self = .object(Dictionary(values) { _, last in last })
    }
}
