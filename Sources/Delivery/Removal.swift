import CapacityModel
import CapacityStore
import Placement
import Postgres

/// Finds other hosts for what shall leave some. Pure.
struct Removal {
    /// How many shall leave, by host.
    let sources: [HostID: Int]
    /// What is moved; its count is set here. What shall leave is among the existing.
    let demand: Demand
    /// What the tenant's quotas have, what shall leave included.
    var quotas: [QuotaRoom] = []

    /// Hosts tried one by one when not all can leave together.
    static let hostLimit = 64

    struct Move {
        /// How many leave, by host.
        var sources: [HostID: Int]
        var groups: [Plan.Group]
        /// Whether nothing is left to move.
        var isLast: Bool
    }

    /// Everything together, or else as many as can leave the first host that any can leave. Host by host, because those that
    /// stay behind count in the spread rules, and which they are is only known of one host's.
    func next(on inventory: Inventory) -> Move? {
        if let groups = groups(leaving: sources, atLeast: nil, on: inventory) {
            return Move(sources: sources, groups: groups, isLast: true)
        }
        for host in sources.keys.sorted().prefix(Self.hostLimit) where sources.count > 1 || sources[host] ?? 0 > 1 {
            guard let count = sources[host],
                let groups = groups(leaving: [host: count], atLeast: 1, on: inventory)
            else { continue }
            return Move(sources: [host: groups.reduce(0) { $0 + $1.count }], groups: groups, isLast: false)
        }
        return nil
    }

    /// The same with no more at any site than is spare, where that can be, and anywhere else if not.
    func next(beside spare: [SpareRow], on inventory: Inventory) -> Move? {
        guard !spare.isEmpty else { return next(on: inventory) }
        var demand = demand
        demand.count(spare, survives: nil)
        let cap = SpreadRule(level: .site, maxPerGroup: demand.existingSpare)
        var capped = demand
        capped.spread.append(cap)
        return Removal(sources: sources, demand: capped, quotas: quotas).next(on: inventory)
            ?? Removal(sources: sources, demand: demand, quotas: quotas).next(on: inventory)
    }

    private func groups(leaving: [HostID: Int], atLeast least: Int?, on inventory: Inventory) -> [Plan.Group]? {
        let count = leaving.values.reduce(0, +)
        guard count > 0 else { return nil }
        var demand = demand
        demand.count = count
        demand.leastAcceptable = least ?? count
        demand.existing.merge(leaving) { there, gone in there - gone }
        demand.existing = demand.existing.filter { $0.value > 0 }
        demand.avoiding.formUnion(sources.keys)
        let allowance = Allowance(quotas: quotas.map { $0.without(leaving, of: demand.unit, on: inventory) })
        guard case .placed(let plan, _) = allowance.place(demand, on: inventory), plan.count > 0 else { return nil }
        return plan.groups
    }
}

extension Removal {
    /// With the quotas of `tenant` in the window of `demand`.
    init(
        of sources: [HostID: Int], for demand: Demand, of tenant: TenantID, in session: isolated Session
    ) throws {
        var moved = demand
        moved.count = sources.values.reduce(0, +)
        self.init(
            sources: sources, demand: demand, quotas: try Store.quotaRooms(of: tenant, for: moved, in: session))
    }
}

extension QuotaRoom {
    /// The same when so many have left their hosts. What was there may be there again, under a quota lowered since as well.
    fileprivate func without(_ leaving: [HostID: Int], of unit: Resources, on inventory: Inventory) -> QuotaRoom {
        let count = leaving.reduce(0) { count, leaving in
            let site = inventory.host(leaving.key).flatMap { inventory.site($0.site) }
            return site.map(scope.admits) == true ? count + leaving.value : count
        }
        var room = self
        room.use.limit.amount = max(use.limit.amount, use.peak)
        room.use.peak -= use.limit.resource.amount(of: unit, count: count)
        return room
    }
}
