import CapacityModel

/// An amount of money as people write it: `1,234.50 CNY`; at least two digits after the point, up to six where they are
/// not zero.
func money(_ micro: Int64, _ currency: String) -> String {
    money(micro, currency, digits: moneyDigits([micro]))
}

/// An amount of money with `digits` behind the point, those of its column.
func money(_ micro: Int64, _ currency: String, digits: Int) -> String {
    let magnitude = micro.magnitude
    let fraction = String(magnitude % 1_000_000)
    let padded = String(repeating: "0", count: 6 - fraction.count) + fraction
    return "\(micro < 0 ? "-" : "")\(grouped(magnitude / 1_000_000)).\(padded.prefix(digits)) \(currency)"
}

/// How many digits behind the point the finest of `amounts` needs, 2 to 6: with as many for all, the points of a column stand
/// under each other, and what is larger looks larger.
func moneyDigits(_ amounts: [Int64]) -> Int {
    [10_000, 1_000, 100, 10].firstIndex { unit in amounts.allSatisfy { $0.isMultiple(of: unit) } }.map { $0 + 2 } ?? 6
}

/// Digits in groups of three: `1,234,567`.
func grouped(_ number: UInt64) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
        if index > 0, index.isMultiple(of: 3) { text.append(",") }
        text.append(digit)
    }
    return String(text.reversed())
}

/// A number of cores or the like, without a point where there is nothing behind it.
func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
}

/// The number with `digits` after the point.
func fixed(_ number: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (abs(number) * scale).rounded()
    guard scaled < 9e15 else { return String(number) }
    let whole = String(Int64(scaled / scale))
    guard digits > 0 else { return (number < 0 ? "-" : "") + whole }
    let rest = String(Int64(scaled) % Int64(scale))
    let sign = number < 0 && scaled > 0 ? "-" : ""
    return sign + whole + "." + String(repeating: "0", count: digits - rest.count) + rest
}

/// `part` of `whole` in whole percent, rounded down, so that 100 % is said only of all.
func percent(_ part: Int, of whole: Int) -> String {
    "\(whole > 0 ? part * 100 / whole : 100) %"
}

extension Duration {
    /// Seconds with their fraction.
    var inSeconds: Double { Double(microseconds) / 1_000_000 }

    /// As a person says it: `4 h 30 min`, `2 min 5 s`, `12.3 s`.
    var spoken: String {
        let whole = wholeSeconds
        switch abs(whole) {
        case 0..<60: return microseconds % 1_000_000 == 0 ? "\(whole) s" : "\(fixed(inSeconds, 1)) s"
        case 60..<3_600: return Self.pair(whole, 60, "min", "s")
        case 3_600..<172_800: return Self.pair(whole / 60, 60, "h", "min")
        default: return Self.pair(whole / 3_600, 24, "d", "h")
        }
    }

    private static func pair(_ amount: Int64, _ divisor: Int64, _ large: String, _ small: String) -> String {
        let (quotient, remainder) = amount.quotientAndRemainder(dividingBy: divisor)
        return remainder == 0 ? "\(quotient) \(large)" : "\(quotient) \(large) \(abs(remainder)) \(small)"
    }
}

extension Instant {
    /// To the second, in UTC.
    var toTheSecond: String { wholeSecond.description }

    /// The time of day in UTC: `20:00:05Z`.
    var clock: String { String(toTheSecond.dropFirst(11)) }
}

/// The value at `share` of a sorted list, by nearest rank.
func percentile<Value>(_ sorted: [Value], _ share: Double) -> Value? {
    guard !sorted.isEmpty else { return nil }
    let rank = Int((share * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
}

/// A province's name with its code: `44 Guangdong`.
func provinceName(_ code: String) -> String {
    Province.named(code).map { "\(code) \($0.name)" } ?? code
}

/// `text` as one word of a shell's command line.
func shellWord(_ text: String) -> String {
    let isPlain =
        !text.isEmpty
        && text.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122: true
            default: "_-./:=@%+,".utf8.contains(byte)
            }
        }
    return isPlain
        ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
