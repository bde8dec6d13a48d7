package import CapacityModel

/// Spreads `demand` over `inventory`: the fullest site first, and in it the tightest hosts, ties by name.
///
/// Pure and deterministic: the same arguments give the same verdict on every machine, which is what lets a quote be
/// replayed as an order. Hard rules are kept exactly: where some placement keeps them, one is found (`SpreadSearch`
/// tells of the one limit). Relaxable rules yield to the count: they are dropped from the last to the first until all
/// instances have a place, then given back from the first to the last, each as strict as costs no instance. Where that is not
/// enough, affinities that may be relaxed yield too, from the last on, and those that were in nobody's way are given back. A demand
/// that survives the loss of a site is placed with the smallest spare that lets it.
///
/// - Parameter budget: How much work may go into costing fewer large slots than the first plan; the verdict is the same but for
///   which hosts are in it.
package func place(
    _ demand: Demand, on inventory: Inventory, improving budget: ImprovementBudget = .standard
) -> Verdict {
    func verdict(without dropped: [Int]) -> Verdict {
        var kept = demand
        for index in dropped.sorted().reversed() { kept.neighbours.remove(at: index) }
        return placeBeside(kept, on: inventory, improving: budget)
    }
    var best = placeBeside(demand, on: inventory, improving: budget)
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
func placeBeside(
    _ demand: Demand, on inventory: Inventory, improving budget: ImprovementBudget = .standard
) -> Verdict {
    guard demand.survives == nil else { return placeSurviving(demand, on: inventory, improving: budget) }
    precondition(demand.count >= 0, "a demand's count is not negative; the validator refuses others before this")
    if let (problem, allocation) = SpreadProblem.onShortlist(demand, on: inventory) {
        let groups = fill(allocation, of: problem, with: demand, on: inventory, improving: budget)
        return .placed(Plan(groups: groups), missing: 0)
    }
    var supply = Supply(of: demand, on: inventory)
    supply.preferUnfragmented(demand, on: inventory)
    var spreading = Spreading(demand, supply: supply, on: inventory)
    let placed = spreading.allocation?.total ?? 0
    guard placed >= demand.leastAcceptable, placed > 0 || isWorthWaiting(for: demand, on: inventory) else {
        return .short(shortage(of: demand, available: placed, supply: supply, on: inventory))
    }
    spreading.soften(demand, supply: supply, on: inventory)
    let groups = spreading.allocation.map {
        fill($0, of: spreading.problem, with: demand, on: inventory, improving: budget)
    }
    return .placed(Plan(groups: groups ?? [], relaxed: spreading.relaxed(of: demand)), missing: demand.count - placed)
}

/// Whether an empty fleet had a place for any of it, so that there is something to wait for.
private func isWorthWaiting(for demand: Demand, on inventory: Inventory) -> Bool {
    let empty = Supply(of: demand, on: inventory, premise: .empty)
    return demand.count == 0 || Spreading(demand, supply: empty, on: inventory).allocation?.total ?? 0 > 0
}

/// Gives each site's instances to its hosts, where they were not given to hosts at once, and to their GPUs; and betters what
/// that costs in large slots.
private func fill(
    _ allocation: SpreadProblem.Allocation,
    of problem: SpreadProblem,
    with demand: Demand,
    on inventory: Inventory,
    improving budget: ImprovementBudget
) -> [Plan.Group] {
    let room = problem.room
    var groups: [Plan.Group] = []
    var shares: [HostShare] = []
    func add(_ index: Int, _ count: Int, devices: [Int] = []) {
        let host = inventory.hosts[index]
        groups.append(Plan.Group(host: host.id, site: host.site, count: count, devices: devices))
    }
    for (candidate, count) in allocation.taken.enumerated() where count > 0 {
        let position = problem.candidates.positions[candidate]
        let areHosts = problem.candidates.areHosts
        let range = areHosts ? position..<(position + 1) : inventory.rooms[position].hosts
        if let gpus = room.gpus {
            for set in gpus.sets(for: count, among: range, in: room) { add(set.host, set.count, devices: set.devices) }
            continue
        }
        let hosts = areHosts ? [(position, count)] : room.hosts(for: count, among: range, on: inventory)
        shares += hosts.map { HostShare(candidate: candidate, host: $0, count: $1) }
    }
    // What a customer prefers among sites stands above slots, and so does what is to be alike.
    let isPinned = demand.preference != nil || !problem.skews.isEmpty
    var step = SlotImprovement(of: problem, isPinned: isPinned, budget: budget, on: inventory)
    for share in step.improved(shares) { add(share.host, share.count) }
    return groups.sorted { ($0.host, $0.devices.first ?? 0) < ($1.host, $1.devices.first ?? 0) }
}
