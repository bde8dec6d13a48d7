/// How many of each class have no place yet, with the classes that have any at hand.
struct PackingLeftovers: Sendable {
    /// Beside the classes.
    private(set) var counts: [Int]
    /// The classes with a count, in no order that means anything.
    private(set) var kinds: [Int] = []
    /// What placing all of them would be worth.
    private(set) var value = 0.0
    private let values: [Double]
    /// Beside the classes: where `kinds` names it; -1 where it does not.
    private var positions: [Int]

    init(counts: [Int], values: [Double]) {
        self.counts = [Int](repeating: 0, count: counts.count)
        self.values = values
        positions = [Int](repeating: -1, count: counts.count)
        for (kind, count) in counts.enumerated() where count > 0 { add(kind, count: count) }
    }

    mutating func add(_ kind: Int, count: Int = 1) {
        if counts[kind] == 0 {
            positions[kind] = kinds.count
            kinds.append(kind)
        }
        counts[kind] += count
        value += values[kind] * Double(count)
    }

    mutating func take(_ kind: Int, count: Int = 1) {
        counts[kind] -= count
        value -= values[kind] * Double(count)
        guard counts[kind] == 0, let last = kinds.last else { return }
        kinds[positions[kind]] = last
        positions[last] = positions[kind]
        positions[kind] = -1
        kinds.removeLast()
    }
}
