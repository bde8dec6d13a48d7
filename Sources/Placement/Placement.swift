package import CapacityModel

/// Spreads `demand` over `inventory`: the fullest site first, and in it the tightest hosts, ties by name.
///
/// Pure and deterministic: the same arguments give the same verdict on every machine, which is what lets a quote be
/// replayed as an order. Hard rules are kept exactly: where some placement keeps them, one is found (`SpreadSearch`
/// tells of the one limit). Relaxable rules yield to the count: they are dropped from the last to the first until all
/// instances have a place, then given back from the first to the last, each as strict as costs no instance. Where that is not
/// enough, affinities that may be relaxed yield too, from the last on, and those that were in nobody's way are given back. A demand
/// that survives the loss of a site is placed with the smallest spare that lets it.
package func place(_ demand: Demand, on inventory: Inventory) -> Verdict {
    func verdict(without dropped: [Int]) -> Verdict {
        var kept = demand
        for index in dropped.sorted().reversed() { kept.neighbours.remove(at: index) }
        return placeBeside(kept, on: inventory)
    }
    var best = placeBeside(demand, on: inventory)
    var (dropped, tried): ([Int], [Int]) = ([], [])
    let relaxable = demand.neighbours.indices.filter { demand.neighbours[$0].affinity.whenUnsatisfiable == .relax }
    for index in relaxable.reversed() where best.available(of: demand.count) < demand.count {
        tried.append(index)
        let next = verdict(without: tried)
        if next.available(of: demand.count) > best.available(of: demand.count) { (best, dropped) = (next, tried) }
    }
    for index in dropped.sorted() where dropped.count > 1 {
        let fewer = dropped.filter { $0 != index }
        let next = verdict(without: fewer)
        if next.available(of: demand.count) == best.available(of: demand.count) { (best, dropped) = (next, fewer) }
    }
    if case .placed(var plan, let missing) = best, !dropped.isEmpty {
        plan.unkept = dropped.sorted().map { demand.neighbours[$0].affinity }
        best = .placed(plan, missing: missing)
    }
    return best
}

extension Verdict {
    /// How many of `count` can be had.
    fileprivate func available(of count: Int) -> Int {
        switch self {
        case .placed(_, let missing): count - missing
        case .short(let shortage): shortage.available
        }
    }
}

/// The verdict with every affinity kept.
func placeBeside(_ demand: Demand, on inventory: Inventory) -> Verdict {
    guard demand.survives == nil else { return placeSurviving(demand, on: inventory) }
    precondition(demand.count >= 0, "a demand's count is not negative; the validator refuses others before this")
    if let (problem, allocation) = SpreadProblem.onShortlist(demand, on: inventory) {
        return .placed(Plan(groups: fill(allocation, of: problem, with: demand, on: inventory)), missing: 0)
    }
    var supply = Supply(of: demand, on: inventory)
    supply.preferUnfragmented(demand, on: inventory)
    var spreading = Spreading(demand, supply: supply, on: inventory)
    let placed = spreading.allocation?.total ?? 0
    guard placed >= demand.leastAcceptable, placed > 0 || isWorthWaiting(for: demand, on: inventory) else {
        return .short(shortage(of: demand, available: placed, supply: supply, on: inventory))
    }
    spreading.soften(demand, supply: supply, on: inventory)
    let groups = spreading.allocation.map { fill($0, of: spreading.problem, with: demand, on: inventory) } ?? []
    return .placed(Plan(groups: groups, relaxed: spreading.relaxed(of: demand)), missing: demand.count - placed)
}

/// Whether an empty fleet had a place for any of it, so that there is something to wait for.
private func isWorthWaiting(for demand: Demand, on inventory: Inventory) -> Bool {
    let empty = Supply(of: demand, on: inventory, premise: .empty)
    return demand.count == 0 || Spreading(demand, supply: empty, on: inventory).allocation?.total ?? 0 > 0
}

/// Gives each site's instances to its hosts, where they were not given to hosts at once, and to their GPUs.
private func fill(
    _ allocation: SpreadProblem.Allocation,
    of problem: SpreadProblem,
    with demand: Demand,
    on inventory: Inventory
) -> [Plan.Group] {
    var groups: [Plan.Group] = []
    let room = problem.room
    for (candidate, count) in allocation.taken.enumerated() where count > 0 {
        let position = problem.candidates.positions[candidate]
        let areHosts = problem.candidates.areHosts
        let range = areHosts ? position..<(position + 1) : inventory.rooms[position].hosts
        let sets =
            room.gpus?.sets(for: count, among: range, in: room).map { ($0.host, $0.devices, $0.count) }
            ?? (areHosts ? [(position, count)] : room.hosts(for: count, among: range, on: inventory))
            .map { ($0, [], $1) }
        for (index, devices, count) in sets {
            let host = inventory.hosts[index]
            groups.append(Plan.Group(host: host.id, site: host.site, count: count, devices: devices))
        }
    }
    return groups.sorted { ($0.host, $0.devices.first ?? 0) < ($1.host, $1.devices.first ?? 0) }
}
