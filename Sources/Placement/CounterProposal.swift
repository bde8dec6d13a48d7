package import CapacityModel

/// What could be had instead.
package enum CounterProposal: Hashable, Sendable {
    /// So many at the time that was asked for: the most that fit as an order of their own.
    case fewer(count: Int)
    /// As many as asked for, with the held window starting at `start` and as long as before.
    case later(start: Instant)
}

/// What would work instead of `demand`: the largest count that fits, and the nearest later start that was found.
///
/// Each proposal was placed by the planner, so it succeeds while the inventory stays as it is. Later starts are
/// looked for where capacity comes free, up to `notLaterThan` and with at most `tries` attempts; with more such
/// instants than that, half of the attempts are spread over all of them and half over the stretch before the first
/// that fits, so a nearer one may be missed.
package func counterProposals(
    for demand: Demand,
    on inventory: Inventory,
    notLaterThan: Instant,
    tries: Int = 64
) -> [CounterProposal] {
    var demand = demand
    demand.neighbours.removeAll { $0.affinity.whenUnsatisfiable == .relax }
    var proposals: [CounterProposal] = []
    if let count = largestCount(for: demand, on: inventory, tries: tries) { proposals.append(.fewer(count: count)) }
    if let start = nearestStart(for: demand, on: inventory, notLaterThan: notLaterThan, tries: tries) {
        proposals.append(.later(start: start))
    }
    return proposals
}

/// The largest count below the demand's that is placed whole, with shares taken of that count where they were of the
/// demand's.
///
/// What can be placed of n never falls as n grows, since the limits do not; so asking for what was placed, over and
/// over, walks down to the largest count that gives itself and skips none.
private func largestCount(for demand: Demand, on inventory: Inventory, tries: Int) -> Int? {
    let supply = Supply(of: demand, on: inventory)
    var asked = demand
    for _ in 0..<tries {
        let placed = Spreading(asked, supply: supply, on: inventory).allocation?.total ?? 0
        if placed == asked.count { return placed > 0 && placed < demand.count ? placed : nil }
        asked.count = placed
        if demand.shareBase == demand.count { asked.shareBase = placed }
    }
    return nil
}

private func nearestStart(
    for demand: Demand,
    on inventory: Inventory,
    notLaterThan: Instant,
    tries: Int
) -> Instant? {
    var later = demand
    func fits(_ start: Instant) -> Bool {
        later.held = Window(start: start, duration: demand.held.duration)
        let supply = Supply(of: later, on: inventory)
        return Spreading(later, supply: supply, on: inventory).allocation?.total ?? 0 >= max(1, demand.leastAcceptable)
    }

    let starts = releases(for: demand, on: inventory, notLaterThan: notLaterThan)
    guard starts.count > tries else { return starts.first(where: fits) }
    let coarse = sample(starts.indices, count: tries / 2)
    guard let hit = coarse.indices.first(where: { fits(starts[coarse[$0]]) }) else { return nil }
    let before = hit == 0 ? 0 : coarse[hit - 1] + 1
    let fine = sample(before..<coarse[hit], count: tries - tries / 2)
    return starts[fine.first { fits(starts[$0]) } ?? coarse[hit]]
}

/// The whole seconds at which something comes free on a host in scope, rising, each once.
private func releases(for demand: Demand, on inventory: Inventory, notLaterThan: Instant) -> [Instant] {
    var starts: Set<Instant> = []
    for (index, site) in inventory.sites.enumerated() where demand.scope.admits(site) {
        for host in inventory.rooms[index].hosts where !inventory.calendars[host].isEmpty {
            for instant in inventory.calendars[host].releases(after: demand.held.start, upTo: notLaterThan) {
                starts.insert(instant.wholeSecond == instant ? instant : instant.wholeSecond + .seconds(1))
            }
        }
    }
    return starts.filter { $0 <= notLaterThan }.sorted()
}

/// At most `count` positions of `range`, evenly spaced, the last always among them.
private func sample(_ range: Range<Int>, count: Int) -> [Int] {
    guard range.count > count else { return Array(range) }
    return (1...max(1, count)).map { range.lowerBound + $0 * range.count / max(1, count) - 1 }
}
