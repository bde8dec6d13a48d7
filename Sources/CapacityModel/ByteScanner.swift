/// Reads a short text from left to right, byte by byte; what the two time formats are parsed with.
struct ByteScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    var atEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Exactly `count` decimal digits.
    mutating func digits(_ count: Int) -> Int64? {
        guard rest.count >= count else { return nil }
        var value: Int64 = 0
        for byte in rest.prefix(count) {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        rest = rest.dropFirst(count)
        return value
    }

    /// One to twelve decimal digits.
    mutating func number() -> Int64? {
        let count = rest.prefix { (48...57).contains($0) }.count
        return (1...12).contains(count) ? digits(count) : nil
    }

    /// The digits after a decimal point, as microseconds; digits past the sixth are dropped.
    mutating func fraction() -> Int64? {
        var microseconds: Int64 = 0
        var seen = 0
        while let byte = rest.first, (48...57).contains(byte), seen < 12 {
            if seen < 6 { microseconds = microseconds * 10 + Int64(byte - 48) }
            seen += 1
            rest = rest.dropFirst()
        }
        guard seen > 0 else { return nil }
        for _ in min(seen, 6)..<6 { microseconds *= 10 }
        return microseconds
    }

    /// `Z`, or a signed `hh:mm`, as seconds east of UTC.
    mutating func offset() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        let sign: Int64
        if skip("+") {
            sign = 1
        } else if skip("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = digits(2), skip(":"), let minutes = digits(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}
