import CapacityModel

/// One level whose fullest group may have at most `most` instances more than its emptiest eligible one.
///
/// Eligible is a group in scope that has room for an instance, whatever the rules say, or an instance of the order
/// already. A group without either cannot have one, and holds nobody else down.
struct Skew: Sendable {
    let level: Int
    let most: Int
    /// For each group: how many it has.
    var existing: [Int]
    /// For each group: how many more it has room for.
    private var room: [Int]
    /// In rising order.
    private(set) var eligible: [Int] = []

    init(level: Int, most: Int, groupCount: Int) {
        self.level = level
        self.most = most
        existing = [Int](repeating: 0, count: groupCount)
        room = existing
    }

    mutating func findEligible(_ candidates: SpreadCandidates, among supply: Supply, on inventory: Inventory) {
        for (index, group) in candidates.groups[level].enumerated() { room[group] += candidates.supply[index] }
        var isEligible = zip(existing, room).map { $0 > 0 || $1 > 0 }
        // Where single hosts are capped, a group may have no candidate although it could take the spec.
        if level == SpreadRule.Level.host.position {
            for (host, room) in supply.hosts.enumerated() where room > 0 { isEligible[host] = true }
        } else {
            for (site, room) in supply.sites.enumerated() where room > 0 {
                isEligible[inventory.rooms[site].groups[level]] = true
            }
        }
        eligible = isEligible.indices.filter { isEligible[$0] }
    }

    /// The numbers that can be the fewest in any eligible group when `count` more are placed at most.
    func floors(placing count: Int) -> ClosedRange<Int> {
        let lowest = eligible.map { existing[$0] }.min() ?? 0
        let highest = eligible.map { existing[$0] + room[$0] }.min() ?? 0
        return lowest...last(in: lowest...max(lowest, highest)) { least(above: $0) <= count }
    }

    /// Those of `floors` with which all of `count` could be placed, as far as this level alone can tell.
    func floors(of floors: ClosedRange<Int>, placingAll count: Int) -> ClosedRange<Int>? {
        // The most that can be placed rises with the floor.
        guard mostPlaced(over: floors.upperBound) >= count else { return nil }
        var (low, high) = (floors.lowerBound, floors.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if mostPlaced(over: middle) >= count { high = middle } else { low = middle + 1 }
        }
        return low...floors.upperBound
    }

    /// How many more it takes to bring each eligible group to `floor`.
    private func least(above floor: Int) -> Int {
        eligible.reduce(0) { $0 + max(0, floor - existing[$1]) }
    }

    /// The most that can be placed when the emptiest group has `floor`.
    func mostPlaced(over floor: Int) -> Int {
        eligible.reduce(0) { $0 + min(room[$1], max(0, floor + most - existing[$1])) }
    }

    private func last(in range: ClosedRange<Int>, where holds: (Int) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = low + (high - low + 1) / 2
            if holds(middle) { low = middle } else { high = middle - 1 }
        }
        return low
    }
}

extension SpreadProblem {
    /// The problem in which each eligible group of the `index`th skew has at least `floor` and at most as many more as it
    /// allows.
    mutating func raise(_ index: Int, to floor: Int) {
        let skew = skews[index]
        floors[skew.level] = [Int](repeating: 0, count: skew.existing.count)
        for group in skew.eligible {
            let existing = skew.existing[group]
            floors[skew.level][group] = max(0, floor - existing)
            caps[skew.level][group] = min(caps[skew.level][group], max(0, floor + skew.most - existing))
        }
    }
}
