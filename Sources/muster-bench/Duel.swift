/// Ours and a floor measured in turns, as often as it takes to see through a machine's moods.
///
/// What is compared is each pair of neighbours in time, and the result is the pair in the middle: a machine that is
/// slow for a while is so for both. The order turns around every time, so that a drift favours nobody.
struct Duel {
    let key: String
    private var pairs: [(ours: Double, floor: Double)] = []

    init(_ key: String) {
        self.key = key
    }

    /// Adds a pair of rates, the first time beginning with the floor.
    mutating func add(ours: () async throws -> Double, floor: () async throws -> Double) async throws {
        if pairs.count.isMultiple(of: 2) {
            let theirs = try await floor()
            pairs.append((try await ours(), theirs))
        } else {
            let rate = try await ours()
            pairs.append((rate, try await floor()))
        }
        guard let last = pairs.last else { return }
        BenchReport.note("\(key), pair \(pairs.count): ours \(Int(last.ours))/s, floor \(Int(last.floor))/s")
    }

    /// The pair in the middle.
    func result(atLeast goal: Double? = nil) -> BenchResult {
        let sorted = pairs.sorted { $0.ours * $1.floor < $1.ours * $0.floor }
        guard !sorted.isEmpty else { return BenchResult(ratio: key, of: 0, to: 0, atLeast: goal) }
        let middle = sorted[sorted.count / 2]
        return BenchResult(ratio: key, of: middle.ours, to: middle.floor, atLeast: goal)
    }
}
