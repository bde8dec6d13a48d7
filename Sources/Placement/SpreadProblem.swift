import CapacityModel

/// How many instances go to each site, in numbers only: what is left of a demand once hosts, windows and names are
/// out of it.
///
/// Areas, provinces, cities and sites nest; carriers cut across them. Each has a cap, and at some levels a number of
/// groups has still to be opened, which means to get a first instance.
struct SpreadProblem: Sendable {
    /// The most that may be placed.
    var count: Int
    /// Positions of sites with room, in the order of preference.
    let candidates: [Int]
    /// Beside `candidates`, at most `count`.
    let supply: [Int]
    /// Beside `candidates`, for each level: the group.
    let groups: [[Int]]
    /// For each level and group: how many more it may get.
    private(set) var caps: [[Int]]
    /// For each level and group: whether it already has an instance.
    let opened: [[Bool]]
    /// For each level: how many groups have still to be opened.
    private(set) var needed: [Int]
    /// Levels whose caps or needs can bind.
    let ruled: [Int]

    /// An answer: how many at each candidate.
    struct Allocation: Equatable, Sendable {
        var taken: [Int]
        var total: Int
    }

    /// Whether no rule cuts across the nested levels. Then the greedy answer is the largest.
    var isLaminar: Bool { !ruled.contains(SpreadRule.Level.carrier.position) }

    static let noCap = Int.max / 4
}

extension SpreadProblem {
    /// The problem of `demand` under `rules`; the fullest site stands first, so that large holes stay whole.
    init(_ demand: Demand, rules: [SpreadRule], supply: Supply, on inventory: Inventory) {
        let levels = SpreadRule.Level.positioned
        var caps = inventory.groupCounts.map { [Int](repeating: Self.noCap, count: $0) }
        var opened = inventory.groupCounts.map { [Bool](repeating: false, count: $0) }
        var needed = [Int](repeating: 0, count: levels.count)
        var ruled: Set<Int> = []

        for rule in rules {
            let level = rule.level.position
            if let limit = rule.limit(for: demand.shareBase) {
                let cap = max(0, limit)
                for group in caps[level].indices { caps[level][group] = min(caps[level][group], cap) }
                ruled.insert(level)
            }
            if let groups = rule.minGroups {
                needed[level] = max(needed[level], groups)
                ruled.insert(level)
            }
        }
        for (host, count) in demand.existing where count > 0 {
            guard let site = inventory.siteIndex(ofHost: host) else { continue }
            for (level, group) in inventory.rooms[site].groups.enumerated() {
                if caps[level][group] < Self.noCap { caps[level][group] = max(0, caps[level][group] - count) }
                if !opened[level][group] { needed[level] = max(0, needed[level] - 1) }
                opened[level][group] = true
            }
        }

        let candidates = inventory.sites.indices.filter { supply.sites[$0] > 0 }
            .sorted { (supply.sites[$0], $0) < (supply.sites[$1], $1) }
        self.count = demand.count
        self.candidates = candidates
        self.supply = candidates.map { min(supply.sites[$0], demand.count) }
        self.groups = levels.map { level in candidates.map { inventory.rooms[$0].groups[level.position] } }
        self.caps = caps
        self.opened = opened
        self.needed = needed
        self.ruled = ruled.sorted()
    }

    /// The largest allocation, or `nil` where even the smallest breaks a rule.
    func solved() -> Allocation? {
        guard (needed.max() ?? 0) <= count else { return nil }
        let greedy = greedy()
        let answer = satisfiesNeeds(greedy) ? greedy : nil
        if isLaminar || answer?.total == count { return answer }
        // Mostly needs that contradict each other already fail one by one, which spares the search.
        guard ruled.allSatisfy({ needed[$0] == 0 || mostOpenable(level: $0) >= needed[$0] }) else { return nil }
        var search = SpreadSearch(self, best: answer)
        return search.run(from: greedy)
    }

    /// How many groups of `level` could be opened under the caps, whatever the other levels need.
    private func mostOpenable(level: Int) -> Int {
        var problem = self
        problem.caps[level] = zip(caps[level], opened[level]).map { cap, opened in opened ? 0 : min(cap, 1) }
        problem.needed = needed.map { _ in 0 }
        return problem.solved()?.total ?? 0
    }

    func satisfiesNeeds(_ allocation: Allocation) -> Bool {
        ruled.allSatisfy { newlyOpened(allocation, level: $0) >= needed[$0] }
    }

    /// How many groups of `level` get their first instance.
    func newlyOpened(_ allocation: Allocation, level: Int) -> Int {
        guard needed[level] > 0 else { return 0 }
        var seen = opened[level]
        var count = 0
        for (candidate, taken) in allocation.taken.enumerated() where taken > 0 {
            let group = groups[level][candidate]
            if !seen[group] { count += 1 }
            seen[group] = true
        }
        return count
    }
}
