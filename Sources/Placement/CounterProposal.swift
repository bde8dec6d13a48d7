package import CapacityModel

/// What could be had instead. Of a demand that takes fewer, "as many as asked for" is no fewer than it takes.
package enum CounterProposal: Hashable, Sendable {
    /// As many as asked for, there and then, with nothing spare: the loss of a site is not survived.
    case withoutSpare
    /// As many as asked for, there and then, with these spread rules.
    case softer(spread: [SpreadRule])
    /// As many as asked for, then, from the sites of a wider scope.
    case wider(scope: Scope)
    /// There and then, `count` instances that take `unit` each.
    case otherSpec(unit: Resources, count: Int)
    /// As many as asked for, with the held window starting at `start` and as long as before.
    case later(start: Instant)
    /// So many at the time that was asked for: the most that fit as an order of their own.
    case fewer(count: Int)
}

/// What would work instead of `demand`, at most one of each kind, the best first.
///
/// Each was placed by the planner, so it succeeds while the inventory stays as it is. What keeps count and time stands
/// first: no spare, softer rules, a wider scope, another spec. Then a later start and fewer instances, in the order of what they
/// give up: the wait as a share of wait and window, the missing as a share of the count.
///
/// - Parameter notLaterThan: Up to where a later start is looked for.
package func counterProposals(
    for demand: Demand,
    on inventory: Inventory,
    notLaterThan: Instant
) -> [CounterProposal] {
    counterProposals(
        for: demand, on: inventory, next: nextStart(for: demand, on: inventory, notLaterThan: notLaterThan))
}

/// The same where the next start is known.
package func counterProposals(
    for demand: Demand,
    on inventory: Inventory,
    next: NextStart
) -> [CounterProposal] {
    var demand = demand
    demand.neighbours.removeAll { $0.affinity.whenUnsatisfiable == .relax }
    let supply = Supply(of: demand, on: inventory)
    var proposals: [CounterProposal] = []
    if demand.survives != nil,
        hasRoom(for: demand.withoutSpare, rules: demand.hardRules, supply: supply, on: inventory)
    {
        proposals.append(.withoutSpare)
    }
    if let spread = softerSpread(for: demand, supply: supply, on: inventory) {
        proposals.append(.softer(spread: spread))
    }
    if let scope = widerScope(for: demand, on: inventory) { proposals.append(.wider(scope: scope)) }
    if let (unit, count) = otherSpec(for: demand, on: inventory) {
        proposals.append(.otherSpec(unit: unit, count: count))
    }
    var fewer = largestCount(for: demand, supply: supply, on: inventory)
    if case .at(let start) = next {
        if let count = fewer, demand.givesUpLess(with: count, thanFrom: start) {
            proposals.append(.fewer(count: count))
            fewer = nil
        }
        proposals.append(.later(start: start))
    }
    if let fewer { proposals.append(.fewer(count: fewer)) }
    return proposals
}

/// The most instances of `demand` that its hard rules allow, looking at carrier rules only briefly.
func mostPlaced(_ demand: Demand, rules: [SpreadRule], supply: Supply, on inventory: Inventory) -> Int {
    let problem = SpreadProblem(demand, rules: rules, supply: supply, on: inventory)
    return problem.solved(workLimit: SpreadSearch.glanceLimit)?.total ?? 0
}

extension Demand {
    /// The rules that are not dropped for the sake of the count.
    var hardRules: [SpreadRule] { spread.filter { $0.whenUnsatisfiable == .reject } }

    /// The fewest that are an answer at all.
    var enough: Int { max(1, leastAcceptable) }

    /// Whether fewer instances lose a smaller share than a later start does.
    package func givesUpLess(with count: Int, thanFrom start: Instant) -> Bool {
        let missing = Double(self.count - count) / Double(max(1, self.count))
        let wait = Double((start - held.start).wholeSeconds)
        return missing < wait / max(1, wait + Double(held.duration.wholeSeconds))
    }
}

/// The largest count below the demand's that is placed whole, with shares taken of that count where they were of the
/// demand's.
///
/// What can be placed of n never falls as n grows, since the limits do not; so asking for what was placed, over and
/// over, walks down to the largest count that gives itself and skips none.
private func largestCount(for demand: Demand, supply: Supply, on inventory: Inventory) -> Int? {
    if demand.survives != nil {
        let count = mostSurviving(demand, supply: supply, on: inventory, asOrder: true)
        return count > 0 && count < demand.count ? count : nil
    }
    var asked = demand
    // Each step asks for less; mostly the first or second is the answer.
    for _ in 0..<64 {
        let placed = Spreading(asked, supply: supply, on: inventory).allocation?.total ?? 0
        if placed == asked.count { return placed > 0 && placed < demand.count ? placed : nil }
        asked.count = placed
        if demand.shareBase == demand.count { asked.shareBase = placed }
    }
    return nil
}
