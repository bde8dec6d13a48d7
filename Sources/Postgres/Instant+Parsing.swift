extension Instant {
    /// The instant a `timestamptz` text of DateStyle ISO names, or `nil` where it names none (`infinity` included).
    init?(postgresText bytes: UnsafeBufferPointer<UInt8>) {
        var reader = DigitReader(bytes: bytes)
        guard let year = reader.number(digits: 4...6), reader.skip("-"),
            let month = reader.number(digits: 2...2), reader.skip("-"),
            let day = reader.number(digits: 2...2), reader.skip(" "),
            let hour = reader.number(digits: 2...2), reader.skip(":"),
            let minute = reader.number(digits: 2...2), reader.skip(":"),
            let second = reader.number(digits: 2...2)
        else { return nil }
        let fraction = reader.skip(".") ? reader.microseconds() : 0
        guard let fraction, let offset = reader.offset() else { return nil }
        let isBeforeChrist = reader.skip(" BC")
        guard reader.isAtEnd else { return nil }
        let date = CivilDate(year: isBeforeChrist ? 1 - year : year, month: month, day: day)
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second - offset
        // PostgreSQL's last 29 years lie beyond what counts from 1970 in 64 bits.
        let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isStillTooLarge) = whole.addingReportingOverflow(fraction)
        guard !isTooLarge, !isStillTooLarge else { return nil }
        self.init(microsecondsSinceEpoch: sum)
    }
}

/// Reads the fixed fields of a timestamp from left to right.
private struct DigitReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        for index in 0..<count where bytes[position + index] != text.utf8Start[index] { return false }
        position += count
        return true
    }

    mutating func number(digits: ClosedRange<Int>) -> Int64? {
        var value: Int64 = 0
        var count = 0
        while count < digits.upperBound, position < bytes.count, case 48...57 = bytes[position] {
            value = value * 10 + Int64(bytes[position] - 48)
            position += 1
            count += 1
        }
        return count >= digits.lowerBound ? value : nil
    }

    mutating func microseconds() -> Int64? {
        let start = position
        guard var value = number(digits: 1...6) else { return nil }
        for _ in (position - start)..<6 { value *= 10 }
        return value
    }

    /// `+08`, `-03:30` or `+05:53:28`, in seconds.
    mutating func offset() -> Int64? {
        let sign: Int64
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard var seconds = number(digits: 2...2).map({ $0 * 3600 }) else { return nil }
        for unit: Int64 in [60, 1] where skip(":") {
            guard let part = number(digits: 2...2) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }
}
