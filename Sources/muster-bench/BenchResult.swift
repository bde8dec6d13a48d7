/// One figure of a benchmark and, where there is one, its goal.
struct BenchResult: Sendable {
    /// Once named, a key stays: figures are compared over months by it.
    var key: String
    var value: Double
    var unit: String
    /// The limit the value is held against.
    var goal: Double?
    /// Whether the goal is met; `nil` where there is none.
    var holds: Bool?
    /// Of a ratio, its two sides, both measured in this run.
    var ours: Double?
    var floor: Double?

    init(
        key: String,
        value: Double,
        unit: String,
        goal: Double? = nil,
        holds: Bool? = nil,
        ours: Double? = nil,
        floor: Double? = nil
    ) {
        self.key = key
        self.value = value
        self.unit = unit
        self.goal = goal
        self.holds = holds
        self.ours = ours
        self.floor = floor
    }

    /// A JSON object with the fields that are set, in a fixed order.
    var json: String {
        var fields = ["\"key\":\(quoted(key))", "\"value\":\(rounded(value))", "\"unit\":\(quoted(unit))"]
        if let goal { fields.append("\"goal\":\(rounded(goal))") }
        if let holds { fields.append("\"holds\":\(holds)") }
        if let ours { fields.append("\"ours\":\(rounded(ours))") }
        if let floor { fields.append("\"floor\":\(rounded(floor))") }
        return "{\(fields.joined(separator: ","))}"
    }
}

extension BenchResult {
    /// How `ours` compares with `floor`, the goal being a least value or, for what should be small, a greatest.
    init(
        ratio key: String,
        of ours: Double,
        to floor: Double,
        atLeast least: Double? = nil,
        atMost most: Double? = nil
    ) {
        let ratio = floor > 0 ? ours / floor : 0
        let holds = least.map { ratio >= $0 } ?? most.map { floor > 0 && ratio <= $0 }
        self.init(
            key: key, value: ratio, unit: "1", goal: least ?? most, holds: holds, ours: ours, floor: floor
        )
    }
}

extension [BenchResult] {
    /// A lined-up table for people.
    var table: String {
        let header = ["key", "value", "unit", "goal", "holds", "ours", "floor"]
        let rows = map { result in
            [
                result.key, rounded(result.value), result.unit, result.goal.map(rounded) ?? "",
                result.holds.map { $0 ? "yes" : "NO" } ?? "", result.ours.map(rounded) ?? "",
                result.floor.map(rounded) ?? "",
            ]
        }
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        return ([header] + rows).map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                // Words stand to the left, numbers to the right.
                return [1, 3, 5, 6].contains(column) ? padding + cell : cell + padding
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    /// The line that machines read: the last one a benchmark prints.
    func line(bench: String, commit: String) -> String {
        let results = map(\.json).joined(separator: ",")
        return "{\"bench\":\(quoted(bench)),\"commit\":\(quoted(commit)),\"results\":[\(results)]}"
    }
}

/// At most three decimals, without exponent and without trailing zeros. JSON has no infinity: such a value is -1.
private func rounded(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "-1" }
    let thousandths = Int64(value * 1_000 + (value < 0 ? -0.5 : 0.5))
    let sign = thousandths < 0 ? "-" : ""
    let fraction = String(String(1_000 + thousandths.magnitude % 1_000).dropFirst())
    let digits = String(fraction.reversed().drop { $0 == "0" }.reversed())
    return "\(sign)\(thousandths.magnitude / 1_000)\(digits.isEmpty ? "" : "." + digits)"
}

private func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        default: scalar.value < 0x20 ? " " : String(scalar)
        }
    }
    return "\"\(escaped.joined())\""
}
