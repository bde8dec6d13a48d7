/// A JSON text that is one value, or one object of values, in the few forms that need no thought: no escapes, no
/// fractions, no exponents, nothing nested, and keys of ASCII, which are equal where their bytes are.
struct PlainJSON {
    enum Value {
        case null
        case boolean(Bool)
        case integer(Int64)
        /// Between its quotes.
        case string(Range<Int>)
    }

    enum Content {
        case value(Value)
        case object([(key: Range<Int>, value: Value)])
    }

    /// From so many fields on, looking for each among all costs more than it saves.
    static let fieldLimit = 16

    let bytes: [UInt8]
    let content: Content

    /// `nil` for every other text, JSON or not.
    init?(_ text: String) {
        bytes = Array(text.utf8)
        var scanner = PlainScanner(bytes)
        guard let content = scanner.content(), scanner.isAtEnd else { return nil }
        self.content = content
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The place among the fields of an object of the one with this key.
    func field(_ key: String, in fields: [(key: Range<Int>, value: Value)]) -> Int? {
        fields.firstIndex { field in bytes[field.key].elementsEqual(key.utf8) }
    }
}

/// Reads a ``PlainJSON`` from left to right; whatever it meets that is none ends it with `nil`.
private struct PlainScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return position == bytes.count
        }
    }

    mutating func content() -> PlainJSON.Content? {
        guard skip("{") else { return value().map { .value($0) } }
        var fields: [(key: Range<Int>, value: PlainJSON.Value)] = []
        if skip("}") { return .object(fields) }
        repeat {
            guard fields.count < PlainJSON.fieldLimit, skip("\""), let key = string(),
                bytes[key].allSatisfy({ $0 < 0x80 }), skip(":"), let value = value()
            else { return nil }
            fields.append((key, value))
        } while skip(",")
        return skip("}") ? .object(fields) : nil
    }

    private mutating func value() -> PlainJSON.Value? {
        if skip("\"") { return string().map { .string($0) } }
        switch next {
        case UInt8(ascii: "n"): return word("null") ? .null : nil
        case UInt8(ascii: "t"): return word("true") ? .boolean(true) : nil
        case UInt8(ascii: "f"): return word("false") ? .boolean(false) : nil
        default: return integer().map { .integer($0) }
        }
    }

    /// What lies between two quotes, the first of which is behind.
    private mutating func string() -> Range<Int>? {
        let start = position
        while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\\") {
            position += 1
            if byte == UInt8(ascii: "\"") { return start..<position - 1 }
        }
        return nil
    }

    /// An integer as JSON writes it, small enough to be exact as a `Double` too.
    private mutating func integer() -> Int64? {
        let isNegative = skip("-")
        let start = position
        var value: Int64 = 0
        while let byte = next, case 48...57 = byte, position - start < 15 {
            value = value * 10 + Int64(byte - 48)
            position += 1
        }
        // A zero in front is the whole number, and has no sign that an integer could keep.
        guard position > start, bytes[start] != 48 || (position == start + 1 && !isNegative) else { return nil }
        switch next {
        case .some(48...57), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): return nil
        default: return isNegative ? -value : value
        }
    }

    private mutating func word(_ word: StaticString) -> Bool {
        for offset in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[offset] else { return false }
            position += 1
        }
        return true
    }

    /// Whether the next character that is no space is this one; if so it is behind.
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }
}
