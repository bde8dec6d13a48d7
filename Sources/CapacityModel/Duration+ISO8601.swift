extension Duration {
    /// The length that ISO 8601 text such as `PT4H`, `P1DT30M` or `PT60S` names, or `nil`.
    ///
    /// Years and months are refused, since their length depends on the calendar; a day is 24 hours and a week 7 days.
    package init?(iso8601 text: String) {
        var scanner = ByteScanner(text)
        guard scanner.skip("P") else { return nil }
        var units: [(Unicode.Scalar, Int64)] = [("W", 604_800), ("D", 86_400), ("H", 3_600), ("M", 60), ("S", 1)]
        var seconds: Int64 = 0
        var parts = 0
        var inTime = false
        while !scanner.atEnd {
            if !inTime, scanner.skip("T") {
                inTime = true
                units.removeAll { $0.1 > 3_600 }
                guard !scanner.atEnd else { return nil }
            }
            guard let value = scanner.number(),
                let index = units.firstIndex(where: { unit in
                    (unit.1 > 3_600) == !inTime && scanner.skip(unit.0)
                })
            else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: units[index].1)
            let (sum, sumOverflow) = seconds.addingReportingOverflow(product)
            guard !overflow, !sumOverflow else { return nil }
            seconds = sum
            units.removeFirst(index + 1)
            parts += 1
        }
        guard parts > 0 else { return nil }
        self = .seconds(seconds)
    }

    /// ISO 8601, in hours, minutes and seconds: `PT4H`, `PT1M30S`, `PT0S`. Fractions of a second are dropped.
    package var iso8601: String {
        let seconds = wholeSeconds
        guard seconds != 0 else { return "PT0S" }
        let parts = [(seconds / 3_600, "H"), (seconds / 60 % 60, "M"), (seconds % 60, "S")]
        return "PT" + parts.filter { $0.0 != 0 }.map { "\($0.0)\($0.1)" }.joined()
    }
}
