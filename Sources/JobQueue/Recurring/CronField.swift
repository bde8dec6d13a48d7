/// One field of a schedule: the values that match, as bits.
struct CronField: Hashable, Sendable {
    /// Never empty.
    private let bits: UInt64
    /// Whether it was written `*`, which for days is more than a list of all values: it leaves the word to the other.
    let isEvery: Bool

    init(_ text: Substring, of field: CronError.Field) throws(CronError) {
        var bits: UInt64 = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            bits |= try Self.bits(of: part, field)
        }
        self.bits = bits
        isEvery = text == "*"
    }

    func contains(_ value: Int) -> Bool { bits >> value & 1 == 1 }

    var lowest: Int { bits.trailingZeroBitCount }
    var highest: Int { 63 - bits.leadingZeroBitCount }

    /// The first value from `value` on.
    func first(from value: Int) -> Int? {
        let rest = bits >> value
        return rest == 0 ? nil : value + rest.trailingZeroBitCount
    }

    /// The last value up to `value`.
    func last(through value: Int) -> Int? {
        guard value >= 0 else { return nil }
        let rest = bits & ((2 << value) - 1)
        return rest == 0 ? nil : 63 - rest.leadingZeroBitCount
    }

    /// A value, a range or `*`, any of them with a step.
    private static func bits(of part: Substring, _ field: CronError.Field) throws(CronError) -> UInt64 {
        let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var step = 1
        if halves.count == 2 {
            guard let number = Int(halves[1]), field.limits.contains(number), number > 0 else {
                throw .badStep(field, String(halves[1]))
            }
            step = number
        }
        let range = try range(of: halves[0], field, isOpen: halves.count == 2)
        var bits: UInt64 = 0
        for value in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            bits |= 1 << (field == .weekday ? value % 7 : value)
        }
        return bits
    }

    /// The values from one to the other; of a single one with a step, to the field's end.
    private static func range(
        of text: Substring, _ field: CronError.Field, isOpen: Bool
    ) throws(CronError) -> ClosedRange<Int> {
        // Sunday once, though it has two numbers.
        let whole = field == .weekday ? 0...6 : field.limits
        if text == "*" { return whole }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let lower = try value(of: ends[0], field)
        guard ends.count == 2 else { return lower...(isOpen ? max(lower, whole.upperBound) : lower) }
        var upper = try value(of: ends[1], field)
        if field == .weekday, upper == 0 { upper = 7 }
        guard lower <= upper else { throw .backwards(field, String(text)) }
        return lower...upper
    }

    private static func value(of text: Substring, _ field: CronError.Field) throws(CronError) -> Int {
        if let place = field.names.firstIndex(of: text.uppercased()) { return place + field.limits.lowerBound }
        guard let number = Int(text), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw .unreadable(field, String(text))
        }
        guard field.limits.contains(number) else { throw .outside(field, number) }
        return number
    }
}
