import CapacityModel

/// How many instances go to each site, or to each host where a rule counts hosts, in numbers only: what is left of a
/// demand once windows and names are out of it.
///
/// Areas, provinces, cities, sites and hosts nest; carriers cut across them. Each has a cap, at some levels a number of
/// groups has still to be opened, which means to get a first instance, and at some each group has to get so many.
struct SpreadProblem: Sendable {
    /// The most that may be placed.
    var count: Int
    /// Who may get instances, in the order of preference.
    let candidates: SpreadCandidates
    /// For each level and group: how many more it may get.
    var caps: [[Int]]
    /// For each level and group: whether it already has an instance.
    let opened: [[Bool]]
    /// For each level: how many groups have still to be opened.
    var needed: [Int]
    /// For each level and group: how many more it must get; empty for a level without such a need.
    var floors: [[Int]]
    /// Levels whose caps, needs or floors can bind, from the widest site level, then the carrier, then hosts.
    let ruled: [Int]
    /// The levels whose groups are to be alike.
    var skews: [Skew]
    /// How many a candidate may get before the others have had as many.
    let portion: Int
    /// The room of hosts and sites, under the caps of single hosts too.
    let room: Supply

    /// An answer: how many at each candidate.
    struct Allocation: Equatable, Sendable {
        var taken: [Int]
        var total: Int
    }

    /// Whether no rule cuts across the nested levels. Then the greedy answer is the largest.
    var isLaminar: Bool { !ruled.contains(SpreadRule.Level.carrier.position) }
    /// Beside the candidates, for each level: the group.
    var groups: [[Int]] { candidates.groups }
    /// Beside the candidates: the room, at most the count.
    var supply: [Int] { candidates.supply }
    /// Beside the candidates, at most the supply, in rounds: how many are taken of each before more is.
    var rounds: [[Int]] { candidates.rounds }

    static let noCap = Int.max / 4
}

extension SpreadProblem {
    /// The problem of `demand` under `rules`.
    init(_ demand: Demand, rules: [SpreadRule], supply: Supply, on inventory: Inventory) {
        let bounds = SpreadBounds(rules, base: demand.shareBase)
        let room = supply.capped(at: bounds.limits[SpreadRule.Level.host.position], for: demand, on: inventory)
        let groupCounts = inventory.groupCounts + [bounds.countsHosts ? inventory.hosts.count : 0]
        var caps = zip(groupCounts, bounds.limits).map { count, limit in
            [Int](repeating: max(0, limit ?? Self.noCap), count: count)
        }
        var opened = groupCounts.map { [Bool](repeating: false, count: $0) }
        var needed = bounds.needed
        var skews = bounds.skews.map { Skew(level: $0.level, most: $0.most, groupCount: groupCounts[$0.level]) }
        for (host, count) in demand.existing where count > 0 {
            guard let site = inventory.siteIndex(ofHost: host), let host = inventory.hostIndex(of: host)
            else { continue }
            for (level, group) in (inventory.rooms[site].groups + [host]).enumerated() where groupCounts[level] > 0 {
                if caps[level][group] < Self.noCap { caps[level][group] = max(0, caps[level][group] - count) }
                if !opened[level][group] { needed[level] = max(0, needed[level] - 1) }
                opened[level][group] = true
                for index in skews.indices where skews[index].level == level { skews[index].existing[group] += count }
            }
        }
        candidates = SpreadCandidates(
            room: room, areHosts: bounds.countsHosts, count: demand.count, preference: demand.preference, on: inventory)
        portion = demand.preference?.preference.portion(of: demand.count) ?? Self.noCap
        for index in skews.indices { skews[index].findEligible(candidates, among: supply, on: inventory) }
        count = demand.count
        self.room = room
        ruled = bounds.ruled
        floors = [[Int]](repeating: [], count: groupCounts.count)
        self.caps = caps
        self.opened = opened
        self.needed = needed
        self.skews = skews.filter { !$0.eligible.isEmpty }
    }

    /// The largest allocation, or `nil` where even the smallest breaks a rule.
    ///
    /// - Parameter workLimit: How much of `SpreadSearch.workLimit` may be spent where nothing has to be alike.
    func solved(workLimit: Int = SpreadSearch.workLimit) -> Allocation? {
        guard skews.isEmpty else { return solvedAlike() }
        var work = SpreadSearch.workLimit - workLimit
        return solvedAsItStands(work: &work)
    }

    /// The largest allocation whose groups are alike: over all that are eligible where it is all, else with some left empty.
    private func solvedAlike() -> Allocation? {
        var scan = SkewScan(self)
        let all = scan.run()
        guard all?.total != count else { return all }
        if let choice = SkewChoice(self) { return choice.allocation(above: all?.total ?? -1) ?? all }
        var search = SkewSearch(self, best: all, workLimit: max(scan.work, SkewSearch.leastWork))
        return search.run()
    }

    /// The largest allocation under the caps, needs and floors, whatever is to be alike. `work` is what was done so far.
    func solvedAsItStands(work: inout Int) -> Allocation? {
        guard (needed.max() ?? 0) <= count else { return nil }
        let greedy = greedy()
        let answer = satisfiesNeeds(greedy) && satisfiesFloors(greedy) ? greedy : nil
        if isLaminar || answer?.total == count { return answer }
        guard nestedFloorsCanBeMet() else { return nil }
        // Mostly needs that contradict each other already fail one by one, which spares the search.
        for level in ruled where needed[level] > 0 {
            guard mostOpenable(level: level, work: &work) >= needed[level] else { return nil }
        }
        var search = SpreadSearch(self, best: answer, work: work)
        defer { work = search.work }
        return search.run(from: greedy)
    }

    /// How many groups of `level` could be opened under the caps, whatever the other levels need.
    private func mostOpenable(level: Int, work: inout Int) -> Int {
        var problem = self
        problem.caps[level] = zip(caps[level], opened[level]).map { cap, opened in opened ? 0 : min(cap, 1) }
        problem.needed = needed.map { _ in 0 }
        problem.floors = floors.map { _ in [] }
        return problem.solvedAsItStands(work: &work)?.total ?? 0
    }

    /// Whether the floors of the nested levels can be met where carriers have no rules, which spares most searches.
    private func nestedFloorsCanBeMet() -> Bool {
        let carrier = SpreadRule.Level.carrier.position
        guard floors.indices.contains(where: { $0 != carrier && !floors[$0].isEmpty }) else { return true }
        var problem = self
        problem.caps[carrier] = caps[carrier].map { _ in Self.noCap }
        problem.floors[carrier] = []
        problem.needed = needed.map { _ in 0 }
        return problem.satisfiesFloors(problem.greedy())
    }

    func satisfiesNeeds(_ allocation: Allocation) -> Bool {
        ruled.allSatisfy { newlyOpened(allocation, level: $0) >= needed[$0] }
    }

    private func satisfiesFloors(_ allocation: Allocation) -> Bool {
        ruled.allSatisfy { level in
            var lacking = floors[level]
            guard !lacking.isEmpty else { return true }
            for (candidate, taken) in allocation.taken.enumerated() { lacking[groups[level][candidate]] -= taken }
            return lacking.allSatisfy { $0 <= 0 }
        }
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
