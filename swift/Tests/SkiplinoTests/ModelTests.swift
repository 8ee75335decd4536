// Records, dates and JSON values.
import Foundation
@testable import Skiplino
import XCTest

final class ModelTests: XCTestCase {
    func testUnreadableJSONEqualsOnlyItself() {
        XCTAssertNotEqual(LazyJSON.text("{"), LazyJSON.text("["))
        XCTAssertNotEqual(LazyJSON.text("{"), LazyJSON.read(nil))
        XCTAssertEqual(LazyJSON.text("{"), LazyJSON.text("{"))
        XCTAssertEqual(LazyJSON.text(#"{"a": 1}"#), LazyJSON.text(#"{"a":1}"#))
    }

    func testATicketIsCodable() throws {
        let ticket = Ticket(
            id: "k7m2p9x4q1", ticketNumber: "Q017", status: .unknown("paused"), statusAt: Date(timeIntervalSince1970: 1_782_213_000.123),
            type: .appointment, time: Date(timeIntervalSince1970: 1_782_216_600), branch: NamedRef(id: "b", name: "Seef"),
            service: NamedRef(id: "s", name: "Cash"), groupOfService: NamedRef(id: "g", name: "Teller"),
            customer: TicketCustomer(id: "c", name: "Layla"), bookedAt: Date(timeIntervalSince1970: 1_782_212_921), queueSize: 6)
        let encoded = try JSONEncoder().encode(ticket)
        XCTAssertTrue(String(decoding: encoded, as: UTF8.self).contains(#""status":"paused""#))
        XCTAssertTrue(String(decoding: encoded, as: UTF8.self).contains(#""statusAt":"2026-06-23T11:10:00.123Z""#))
        let decoded = try JSONDecoder().decode(Ticket.self, from: encoded)
        XCTAssertEqual(decoded.status, .unknown("paused"))
        XCTAssertEqual(try JSONEncoder.sorted.encode(decoded), try JSONEncoder.sorted.encode(ticket))
        XCTAssertFalse(decoded.status.isFinal)
        XCTAssertTrue(TicketStatus.served.isFinal)
    }

    func testTheOtherRecordsAreCodable() throws {
        let customer = Customer(
            id: "9f2c", externalID: "crm-1", companyID: "cmp_1", metadata: ["tier": "gold"], createdAt: Date(timeIntervalSince1970: 0),
            updatedAt: Date(timeIntervalSince1970: 1))
        XCTAssertEqual(try again(customer), customer)
        let branch = Branch(id: "b", name: "Seef", isOpen: true)
        XCTAssertEqual(try again(branch), branch)
        let group = BranchTreeGroup(id: "g", name: "Teller", services: [Service(id: "s", name: "Cash", isOpen: true, isAppointment: false)])
        XCTAssertEqual(try again(group), group)
        let slot = Slot(time: Date(timeIntervalSince1970: 1_782_216_600), remaining: 3)
        XCTAssertEqual(try again(slot), slot)
        XCTAssertEqual(try JSONEncoder().encode([branch.id]), Data(#"["b"]"#.utf8))
    }

    func testCalendarDates() {
        XCTAssertEqual(CalendarDate("2026-07-01"), CalendarDate(year: 2026, month: 7, day: 1))
        XCTAssertEqual(CalendarDate(year: 26, month: 7, day: 1)?.description, "0026-07-01")
        XCTAssertNotNil(CalendarDate("2024-02-29"))
        for text in ["2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-7-1", "2026-07-01T", "+026-07-01", "٢٠٢٦-٠٧-٠١", ""] {
            XCTAssertNil(CalendarDate(text), text)
        }
        let moment = Date(timeIntervalSince1970: 1_782_255_600)  // 23 June 2026, 23:00 UTC
        XCTAssertEqual(CalendarDate(moment, in: .gmt).description, "2026-06-23")
        XCTAssertEqual(TimeZone(secondsFromGMT: 3 * 60 * 60).map { CalendarDate(moment, in: $0).description }, "2026-06-24")
    }

    func testJSONValues() throws {
        let text = #"{"a":[1,2.5,-9007199254740993,1e3,true,false,null,"x"],"b":{}}"#
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        XCTAssertEqual(value, ["a": [1, 2.5, -9_007_199_254_740_993, 1000, true, false, nil, "x"], "b": [:]])
        XCTAssertEqual(try again(value), value)
        XCTAssertEqual(value["a"]?[2]?.int, -9_007_199_254_740_993)
        XCTAssertEqual(value["a"]?[1]?.double, 2.5)
        XCTAssertEqual(value["a"]?[3]?.int, 1000)
        XCTAssertNil(value["a"]?[8])
        XCTAssertNil(value["c"])
        XCTAssertNotEqual(JSONValue.integer(1), JSONValue.bool(true))
        XCTAssertEqual(Set([JSONValue.integer(1), .number(1), .string("1")]).count, 2)
        let big = try JSONDecoder().decode(JSONValue.self, from: Data("18446744073709551615".utf8))
        XCTAssertEqual(big, .number(Double(UInt64.max)))
    }

    private func again<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }
}

extension JSONEncoder {
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }
}
