extension Bool: PostgresCodable {
    public static var postgresType: PostgresType { .bool }
    public var postgresText: String? { self ? "t" : "f" }

    public init(from cell: borrowing PostgresCell) throws(PostgresError) {
        self = try cell.content(as: Bool.self, of: .bool).first == UInt8(ascii: "t")
    }
}

/// Integers are read from any integer type, and from `numeric` (what `sum(bigint)` gives) where it is whole and fits.
extension FixedWidthInteger where Self: PostgresDecodable {
    public init(from cell: borrowing PostgresCell) throws(PostgresError) {
        guard let bytes = cell.bytes, cell.type.isWholeNumber else { throw cell.refusal(Self.self) }
        guard let value = Self(decimalDigits: bytes) else { throw cell.refusal(Self.self) }
        self = value
    }

    /// The integer written in `bytes`, or `nil` where there is anything but a sign and digits, or too many of them.
    init?(decimalDigits bytes: UnsafeBufferPointer<UInt8>) {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = isNegative ? bytes.dropFirst() : bytes[...]
        guard !digits.isEmpty else { return nil }
        var value: Self = 0
        for byte in digits {
            guard case 48...57 = byte else { return nil }
            let digit = Self(byte - 48)
            let (shifted, first) = value.multipliedReportingOverflow(by: 10)
            // Counting downwards for negatives reaches the minimum, which has no positive twin.
            let (next, second) =
                isNegative ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
            guard !first, !second else { return nil }
            value = next
        }
        self = value
    }
}

/// Arrays of integers name what a statement is about, thousands at a time, so they are written without a text for each.
extension FixedWidthInteger where Self: PostgresEncodable {
    public static func postgresText(ofArray array: [Self]) -> String {
        var text: [UInt8] = [UInt8(ascii: "{")]
        text.reserveCapacity(2 + array.count * 12)
        for value in array {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            value.appendDecimalDigits(to: &text)
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text, as: UTF8.self)
    }

    private func appendDecimalDigits(to text: inout [UInt8]) {
        if self < 0 { text.append(UInt8(ascii: "-")) }
        let start = text.count
        var rest = magnitude
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            text.append(UInt8(ascii: "0") + UInt8(digit))
            rest = quotient
        } while rest > 0
        text[start...].reverse()
    }
}

extension Int: PostgresCodable {
    public static var postgresType: PostgresType { .int8 }
    public var postgresText: String? { String(self) }
}

extension Int64: PostgresCodable {
    public static var postgresType: PostgresType { .int8 }
    public var postgresText: String? { String(self) }
}

extension Int32: PostgresCodable {
    public static var postgresType: PostgresType { .int4 }
    public var postgresText: String? { String(self) }
}

extension Int16: PostgresCodable {
    public static var postgresType: PostgresType { .int2 }
    public var postgresText: String? { String(self) }
}

extension Double: PostgresCodable {
    public static var postgresType: PostgresType { .float8 }
    public var postgresText: String? { String(self) }

    public init(from cell: borrowing PostgresCell) throws(PostgresError) {
        let bytes = try cell.content(as: Double.self, of: .float8, .float4, .numeric, .int8, .int4, .int2)
        guard let value = Double(String(decoding: bytes, as: UTF8.self)) else { throw cell.refusal(Double.self) }
        self = value
    }
}

/// A string's type is left to the server, so that it may stand for a uuid, an interval or an enum as well as for text;
/// reading gives the text of any type. An array of strings is `text[]`.
extension String: PostgresCodable {
    public static var postgresType: PostgresType { .inferred }
    public static var postgresArrayType: PostgresType { PostgresType.text.array }
    public var postgresText: String? { self }

    public init(from cell: borrowing PostgresCell) throws(PostgresError) {
        self = try cell.text()
    }
}

extension Instant: PostgresCodable {
    public static var postgresType: PostgresType { .timestamptz }
    public var postgresText: String? { description }

    public init(from cell: borrowing PostgresCell) throws(PostgresError) {
        let bytes = try cell.content(as: Instant.self, of: .timestamptz)
        guard let value = Instant(postgresText: bytes) else { throw cell.refusal(Instant.self) }
        self = value
    }
}

/// A JSON document as text, bound as `jsonb`; read from `json` and `jsonb`.
public struct JSON: Hashable, Sendable, PostgresCodable {
    public var text: String

    public init(text: String) {
        self.text = text
    }

    public static var postgresType: PostgresType { .jsonb }
    public var postgresText: String? { text }

    public init(from cell: borrowing PostgresCell) throws(PostgresError) {
        text = String(decoding: try cell.content(as: JSON.self, of: .jsonb, .json), as: UTF8.self)
    }
}

/// `[UInt8]` is `bytea`, in its hexadecimal form.
extension UInt8: PostgresArrayEncodable, PostgresArrayDecodable {
    public static var postgresArrayType: PostgresType { .bytea }

    public static func postgresText(ofArray array: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = Array("\\x".utf8)
        text.reserveCapacity(2 + array.count * 2)
        for byte in array {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    public static func array(from cell: borrowing PostgresCell) throws(PostgresError) -> [UInt8] {
        let bytes = try cell.content(as: [UInt8].self, of: .bytea)
        guard bytes.starts(with: "\\x".utf8), bytes.count.isMultiple(of: 2) else { throw cell.refusal([UInt8].self) }
        var array: [UInt8] = []
        array.reserveCapacity(bytes.count / 2 - 1)
        for index in stride(from: 2, to: bytes.count, by: 2) {
            guard let high = hexValue(bytes[index]), let low = hexValue(bytes[index + 1]) else {
                throw cell.refusal([UInt8].self)
            }
            array.append(high << 4 | low)
        }
        return array
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 97...102: digit - 87
        case 65...70: digit - 55
        default: nil
        }
    }
}
