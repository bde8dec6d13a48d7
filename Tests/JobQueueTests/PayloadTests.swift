import FoundationEssentials
import Testing

@testable import JobQueue

@Suite("Payloads", .timeLimit(.minutes(1)))
struct PayloadTests {
    @Test("a payload of values is written and read without Foundation's coders, and means the same to them")
    func plain() throws {
        try expectPlain(Order(order: 17))
        try expectPlain(Order(order: -999_999_999_999_999))
        try expectPlain("Ada")
        try expectPlain("")
        try expectPlain(0)
        try expectPlain(-1)
        try expectPlain(true)
        try expectPlain(Color.red)
        try expectPlain(Empty())
        try expectPlain(["b": 1, "a": 2])
        try expectPlain([7: "seven"])
        try expectPlain(Int?.none)
        try expectPlain(Int?.some(3))
        try expectPlain(UUID())
        try expectPlain(
            Mail(to: "Zoë, 三", isUrgent: false, copies: 255, colour: .blue, size: nil, weight: 3, wrapped: .init(id: 8))
        )
        try expectPlain(
            Mail(to: "", isUrgent: true, copies: 0, colour: .red, size: 5, weight: -2, wrapped: .init(id: -8)))
    }

    @Test("whatever is beyond plain values is what Foundation's coders make of it")
    func beyond() throws {
        try expectSame(["list"])
        try expectSame(["a": ["nested": 1]])
        try expectSame("a \"quote\", a \\, a line\nbreak, a \u{1} and a \u{7f}")
        try expectSame(["a \"key\"": 1, "ключ": 2])
        try expectSame(1.5)
        try expectSame(-0.0)
        try expectSame(Double.greatestFiniteMagnitude)
        try expectSame(Float(0.1))
        try expectSame(Int.max)
        try expectSame(UInt64.max)
        try expectSame(Int64.min)
        try expectSame(Date(timeIntervalSinceReferenceDate: 12.25))
        try expectSame(Date(timeIntervalSinceReferenceDate: 12))
        try expectSame(Data([1, 2, 255]))
        try expectSame(Decimal(string: "3.14"))
        try expectSame(URL(string: "https://muster.example/a?b=c"))
        try expectSame(try #require(URL(string: "https://muster.example/a?b=c")))
        try expectSame(["home": URL(string: "https://muster.example/")])
        try expectSame(["bytes": Data([0])])
        try expectSame(["when": Date(timeIntervalSinceReferenceDate: -1)])
        try expectSame(Shape.circle(radius: 2))
        try expectSame(Twice(first: 1, second: "two"))
        try expectSame(Dictionary(uniqueKeysWithValues: (0..<40).map { ("key\($0)", $0) }))
    }

    @Test("every text is read as Foundation's decoder reads it, or refused as it refuses it")
    func everyText() {
        let values = [
            "null", "true", "false", "0", "-0", "7", "-7", "255", "256", "1.0", "1.5", "1e2", "01", "-", "+1", "1.",
            "nul",
            "999999999999999", "9999999999999999", "9223372036854775808", "\"\"", "\"red\"", "\"x\"", "\"\\u0041\"",
            "\"a",
            "[]", "[1]", "{}", "{\"order\":1}", "truefalse", "7 7", " 7 ", "", " ", "\t\"x\"\n", "\"\u{1}\"", "\"é三\"",
        ]
        let objects = values.flatMap { value in
            [
                "{\"order\":\(value)}", "{\"order\": \(value), \"more\": 1}", "{\"colour\":\(value),\"order\":1}",
                "{\"other\":\(value)}", "{\"order\":\(value)", "{\"order\":1,}", "{\"order\":1}\(value)",
                "{\"caught\": \(value)}", "{ \"order\" : 2 , \"size\" : \(value) }",
                "{\"first\":\(value),\"second\":\"b\"}",
            ]
        }
        for text in values + objects {
            expectSame(text, Order.self)
            expectSame(text, Color.self)
            expectSame(text, Colored.self)
            expectSame(text, Forgiving.self)
            expectSame(text, Empty.self)
            expectSame(text, Twice.self)
            expectSame(text, String.self)
            expectSame(text, Int.self)
            expectSame(text, UInt8.self)
            expectSame(text, Int?.self)
            expectSame(text, Double.self)
            expectSame(text, Float.self)
            expectSame(text, Bool.self)
            expectSame(text, Date.self)
            expectSame(text, Decimal.self)
            expectSame(text, [Int].self)
            // Of several faults in a dictionary either may be met first.
            expectSame(text, [String: Int].self, inWords: false)
            expectSame(text, [String: String?].self, inWords: false)
        }
    }

    @Test("a payload that cannot be written is refused as Foundation's encoder refuses it")
    func unwritable() {
        #expect(throws: EncodingError.self) { try PayloadCoding.text(of: Double.nan) }
        #expect(throws: EncodingError.self) { try PayloadCoding.text(of: Silent()) }
        #expect(throws: EncodingError.self) { try PayloadCoding.text(of: ["a": Double.infinity]) }
    }

    private func expectPlain<Payload: Codable & Equatable>(_ payload: Payload) throws {
        let text = try #require(PlainEncoder.text(of: payload))
        #expect(PlainDecoder.payload(Payload.self, of: text) == payload, "\(text)")
        try expectSame(payload)
    }

    private func expectSame<Payload: Codable & Equatable>(_ payload: Payload) throws {
        let theirs = String(decoding: try JSONEncoder().encode(payload), as: UTF8.self)
        let ours = try PayloadCoding.text(of: payload)
        #expect(try JSONDecoder().decode(Payload.self, from: Data(ours.utf8)) == payload, "\(ours)")
        #expect(try PayloadCoding.payload(Payload.self, of: theirs) == payload, "\(theirs)")
        #expect(try PayloadCoding.payload(Payload.self, of: ours) == payload, "\(ours)")
        // The only two that JSON has several words for here: the order of fields, and a slash.
        let letters = { (text: String) in text.filter { $0 != "\\" }.sorted() }
        #expect(letters(ours) == letters(theirs))
    }

    private func expectSame<Payload: Decodable & Equatable>(
        _ text: String, _ type: Payload.Type, inWords: Bool = true
    ) {
        let theirs = Outcome(inWords: inWords) { try JSONDecoder().decode(type, from: Data(text.utf8)) }
        let ours = Outcome(inWords: inWords) { try PayloadCoding.payload(type, of: text) }
        #expect(ours == theirs, "\(text) as \(type)")
    }
}

private enum Outcome<Value: Equatable>: Equatable {
    case value(Value)
    /// What was thrown, in words where that is asked for, and without its place.
    case refused(String)

    init(inWords: Bool, _ body: () throws -> Value) {
        do {
            self = .value(try body())
        } catch {
            self = .refused(inWords ? String("\(error)".split(separator: " Path:")[0]) : "")
        }
    }
}

private struct Order: Codable, Equatable {
    var order: Int64
}

private struct Empty: Codable, Equatable {}

private enum Color: String, Codable {
    case red, blue
}

private struct Colored: Codable, Equatable {
    var order: UInt8
    var colour: Color?
}

private struct Mail: Codable, Equatable {
    struct Wrapped: Codable, Equatable, RawRepresentable {
        var rawValue: Int16
        init(rawValue: Int16) { self.rawValue = rawValue }
        init(id: Int16) { rawValue = id }
    }

    var to: String
    var isUrgent: Bool
    var copies: UInt8
    var colour: Color
    var size: Int?
    var weight: Int32
    var wrapped: Wrapped
}

private enum Shape: Codable, Equatable {
    case circle(radius: Int)
}

/// Reads what is there as one thing, or else as another.
private struct Forgiving: Decodable, Equatable {
    var caught: String

    private enum CodingKeys: CodingKey {
        case caught
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        do {
            caught = try container.decode(String.self, forKey: .caught)
        } catch {
            // What is caught, and so what comes of it, must not depend on who decodes.
            caught = "\(error)"
        }
    }
}

/// Asks for two containers of one payload.
private struct Twice: Codable, Equatable {
    var first: Int
    var second: String

    private enum First: CodingKey {
        case first
    }

    private enum Second: CodingKey {
        case second
    }

    init(first: Int, second: String) {
        self.first = first
        self.second = second
    }

    init(from decoder: any Decoder) throws {
        first = try decoder.container(keyedBy: First.self).decode(Int.self, forKey: .first)
        second = try decoder.container(keyedBy: Second.self).decode(String.self, forKey: .second)
    }

    func encode(to encoder: any Encoder) throws {
        var one = encoder.container(keyedBy: First.self)
        var other = encoder.container(keyedBy: Second.self)
        try one.encode(first, forKey: .first)
        try other.encode(second, forKey: .second)
    }
}

/// Writes nothing.
private struct Silent: Encodable {
    func encode(to encoder: any Encoder) throws {}
}
