import TestSupport

/// What a fault measured, for `Scripts/bench queue-faults`.
enum Figures {
    /// Notes one figure, to be held against `goal` where there is one.
    static func note(_ key: String, _ value: Double, _ unit: String, atMost goal: Double? = nil) throws {
        try BenchFigures.note("faults.\(key)", value, unit, atMost: goal)
    }

    static func note(_ key: String, _ count: Int, _ unit: String, atMost goal: Int? = nil) throws {
        try note(key, Double(count), unit, atMost: goal.map(Double.init))
    }
}

extension Duration {
    var inSeconds: Double { self / .seconds(1) }
}
