import CapacityModel

/// One level whose fullest group may have at most `most` instances more than the emptiest that has any.
///
/// Groups without an instance do not count. But as long as all can be placed so, each *eligible* group gets its part: one in scope
/// that has room for an instance, whatever the rules say, or an instance of the order already.
struct Skew: Sendable {
    let level: Int
    let most: Int
    /// For each group: how many it has.
    var existing: [Int]
    /// For each group: how many more it has room for.
    private(set) var room: [Int]
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

    /// The same where groups have room for only so many more. Without any, and without an instance, one is eligible no longer.
    func limited(to room: [Int]) -> Skew {
        var skew = self
        skew.room = room
        skew.eligible = room.indices.filter { room[$0] > 0 || existing[$0] > 0 }
        return skew
    }

    /// The numbers that can be the fewest in any group that has some, when `count` more are placed at most; of those that let every
    /// group take all of it, only the lowest.
    func usefulFloors(placing count: Int) -> ClosedRange<Int> {
        let held = eligible.filter { existing[$0] > 0 }
        let highest = held.map { existing[$0] + room[$0] }.min() ?? eligible.map { room[$0] }.max() ?? 1
        let unbound = count + (held.map { existing[$0] }.max() ?? 0) - most
        return 1...max(1, min(highest, unbound))
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
        for group in skew.eligible { bound(group, of: skew, by: floor...floor) }
    }

    /// Lets a group have at least the lowest of `floors`, and at most what the skew allows above the highest; without any, nothing.
    mutating func bound(_ group: Int, of skew: Skew, by floors: ClosedRange<Int>?) {
        let existing = skew.existing[group]
        self.floors[skew.level][group] = floors.map { max(0, $0.lowerBound - existing) } ?? 0
        let cap = floors.map { max(0, $0.upperBound + skew.most - existing) } ?? 0
        caps[skew.level][group] = min(caps[skew.level][group], cap)
    }

    /// For each group of `level`: how many more it has room for under its own cap and those of the levels that nest in it.
    func room(at level: Int) -> [Int] {
        // Sites and hosts nest in carriers, what is wider does not.
        let widest = level == SpreadRule.Level.carrier.position ? SpreadRule.Level.site.position : level + 1
        let inner = candidates.nested.reversed().filter { $0 >= widest && ruled.contains($0) }
        var values = supply
        var room: [Int] = []
        for step in inner + [level] {
            room = caps[step].map { _ in 0 }
            var first = caps[step].map { _ in -1 }
            for candidate in candidates.indices where values[candidate] > 0 {
                let group = groups[step][candidate]
                if first[group] < 0 { first[group] = candidate }
                room[group] += values[candidate]
                values[candidate] = 0
            }
            for group in room.indices where first[group] >= 0 {
                room[group] = min(room[group], caps[step][group], count)
                values[first[group]] = room[group]
            }
        }
        return room
    }
}
