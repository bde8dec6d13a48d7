import CapacityModel
import CapacityStore
import Placement
import Postgres

/// What a tenant's quotas leave for one stretch of time: how many more instances of one size, and where. Pure.
///
/// A picture like the planner's: quotas may have been used up by the time a plan is written. Then the database refuses.
struct Allowance: Sendable {
    var quotas: [QuotaRoom] = []

    /// What the tenant's quotas leave in the window that `request` has when it is answered at `now`, for it and whichever of
    /// `alternatives` is placed instead.
    static func current(
        of tenant: TenantID, for request: OrderRequest, else alternatives: [OrderRequest] = [],
        at now: CapacityModel.Instant, in store: Store
    ) async throws(StoreError) -> Allowance {
        let demands = ([request] + alternatives).map { Demand($0, window: $0.timing.window(at: now)) }
        return Allowance(
            quotas: try await store.quotaRooms(of: tenant, for: demands[0], else: Array(demands.dropFirst())))
    }

    /// The same, with what the transaction itself has taken.
    static func current(
        of tenant: TenantID, for request: OrderRequest, else alternatives: [OrderRequest],
        at now: CapacityModel.Instant, in session: isolated Session
    ) throws -> Allowance {
        let demands = ([request] + alternatives).map { Demand($0, window: $0.timing.window(at: now)) }
        return Allowance(
            quotas: try Store.quotaRooms(
                of: tenant, for: demands[0], else: Array(demands.dropFirst()), in: session))
    }

    enum Answer {
        case placed(Plan, missing: Int)
        case short(Shortage)
        case exceeded(QuotaExcess)
    }

    /// Whether some quota of all sites leaves not one `unit`: then nothing need be placed to know it.
    func isUsedUp(for unit: Resources) -> Bool {
        quotas.contains { room in
            room.scope == .nationwide
                && room.use.limit.amount - room.use.peak < room.use.limit.resource.amount(of: unit)
        }
    }

    /// Places `demand` so that no quota is exceeded: as many as its policy wants, or as the quotas leave.
    ///
    /// A quota of all the sites in scope caps the count. One of some of them caps what is placed there: where the plan that
    /// knows nothing of it puts too much there, the rest of the scope is filled first, and then the quota's sites one quota after
    /// the other, so that a plan may be missed that only an exchange between them would find.
    func place(_ demand: Demand, on inventory: Inventory) -> Answer {
        let caps = caps(of: demand, on: inventory)
        var demand = demand
        let wanted = demand.count
        if let tightest = caps.filter(\.isOfWholeScope).min(by: { $0.count < $1.count }) {
            guard tightest.count >= demand.leastAcceptable else { return .exceeded(tightest.excess(of: wanted)) }
            demand.count = min(demand.count, tightest.count)
        }
        switch Placement.place(demand, on: inventory) {
        case .short(let shortage):
            return .short(shortage)
        case .placed(let plan, _):
            let exceeded = caps.filter { $0.taken(by: plan) > $0.count }
            guard let first = exceeded.first else { return .placed(plan, missing: wanted - plan.count) }
            guard demand.survives == nil else {
                guard let elsewhere = avoid(exceeded, placing: demand, on: inventory, within: caps) else {
                    return .exceeded(first.excess(of: plan.count + plan.spareCount))
                }
                return .placed(elsewhere, missing: 0)
            }
            let sparing = spare(exceeded, placing: demand, on: inventory, within: caps)
            guard sparing.count >= demand.leastAcceptable else { return .exceeded(first.excess(of: wanted)) }
            return .placed(sparing, missing: wanted - sparing.count)
        }
    }

    /// A plan with its spare that is nowhere near the sites of `exceeded`; a part of it there is not looked for.
    private func avoid(_ exceeded: [Cap], placing demand: Demand, on inventory: Inventory, within caps: [Cap]) -> Plan?
    {
        var demand = demand
        let avoided = exceeded.reduce(into: Set<SiteID>()) { $0.formUnion($1.sites) }
        for host in inventory.hosts where avoided.contains(host.site) { demand.avoiding.insert(host.id) }
        guard case .placed(let plan, missing: 0) = Placement.place(demand, on: inventory),
            !caps.contains(where: { $0.taken(by: plan) > $0.count })
        else { return nil }
        return plan
    }

    /// The largest count below the demand's of which all is placed and no quota exceeded, with shares taken of that count where
    /// they were of the demand's; `nil` where none is.
    func fewer(than demand: Demand, on inventory: Inventory) -> Int? {
        guard demand.survives == nil else { return fewerWhole(than: demand, on: inventory) }
        var asked = demand
        asked.leastAcceptable = 1
        // Each step asks for less; mostly the first or second is the answer.
        for _ in 0..<Self.fewerSteps {
            guard case .placed(let plan, _) = place(asked, on: inventory), plan.count > 0 else { return nil }
            if plan.count == asked.count { return plan.count < demand.count ? plan.count : nil }
            asked.count = plan.count
            if demand.shareBase == demand.count { asked.shareBase = plan.count }
        }
        return nil
    }

    private static let fewerSteps = 64

    /// The same of a demand of which a part is none, with its spare. Each refusal says what was too much; the spare shrinks with the
    /// count, so that what is granted then may be a little less than the most, which is looked for between the two.
    private func fewerWhole(than demand: Demand, on inventory: Inventory) -> Int? {
        var (granted, refused) = (0, demand.count)
        var asked = demand
        for _ in 0..<Self.fewerWholeSteps {
            var next = asked.count
            switch place(asked, on: inventory) {
            case .placed:
                // All that was asked for first would be no refusal.
                guard asked.count < demand.count else { return nil }
                granted = asked.count
            case .short(let shortage):
                refused = asked.count
                next = shortage.available
            case .exceeded(let excess):
                refused = asked.count
                let each = max(1, excess.limit.resource.amount(of: demand.unit))
                let over = max(1, excess.asked - max(0, excess.limit.amount - excess.inUse))
                next -= Int((over + each - 1) / each)
            }
            guard refused - granted > 1 else { break }
            asked.count = granted > 0 ? (granted + refused) / 2 : min(max(1, next), refused - 1)
            asked.leastAcceptable = asked.count
            if demand.shareBase == demand.count { asked.shareBase = asked.count }
        }
        return granted > 0 ? granted : nil
    }

    /// Each of them plans a spare.
    private static let fewerWholeSteps = 12

    /// A plan that keeps off the sites of `exceeded`, filled up on them as far as `caps` allow.
    private func spare(_ exceeded: [Cap], placing demand: Demand, on inventory: Inventory, within caps: [Cap]) -> Plan {
        var plan = Plan(groups: [])
        let spared = exceeded.reduce(into: Set<SiteID>()) { $0.formUnion($1.sites) }
        let scopes = [Set(inventory.sites.map(\.id)).subtracting(spared)] + exceeded.map(\.sites)
        for scope in scopes {
            let met = caps.filter { !$0.sites.isDisjoint(with: scope) }
            var part = demand
            part.count = met.reduce(demand.count - plan.count) { min($0, $1.count - $1.taken(by: plan)) }
            part.leastAcceptable = min(1, part.count)
            for group in plan.groups { part.existing[group.host, default: 0] += group.count }
            let used = Set(plan.groups.map(\.host))
            for host in inventory.hosts where !scope.contains(host.site) || used.contains(host.id) {
                part.avoiding.insert(host.id)
            }
            guard part.count > 0, case .placed(let found, _) = Placement.place(part, on: inventory) else { continue }
            plan.groups += found.groups
            plan.unkept += found.unkept.filter { !plan.unkept.contains($0) }
            plan.relaxed += found.relaxed.filter { !plan.relaxed.contains($0) }
        }
        plan.groups.sort { ($0.host, $0.devices.first ?? 0) < ($1.host, $1.devices.first ?? 0) }
        return plan
    }

    /// One for each limit that `demand` could meet, by quota.
    private func caps(of demand: Demand, on inventory: Inventory) -> [Cap] {
        guard !quotas.isEmpty else { return [] }
        let inScope = inventory.sites.filter { demand.scope.admits($0) }
        return quotas.compactMap { room in
            let each = room.use.limit.resource.amount(of: demand.unit)
            let sites = inScope.filter { room.scope.admits($0) }.map(\.id)
            guard each > 0, !sites.isEmpty else { return nil }
            return Cap(
                room: room, each: each, sites: Set(sites), isOfWholeScope: sites.count == inScope.count,
                held: demand.held)
        }
    }
}

/// How many more instances one limit allows on some sites.
private struct Cap {
    var room: QuotaRoom
    /// What one instance takes of it.
    var each: Int64
    var sites: Set<SiteID>
    var isOfWholeScope: Bool
    var held: Window

    var count: Int { Int(max(0, room.use.limit.amount - room.use.peak) / each) }

    func taken(by plan: Plan) -> Int { plan.taken.reduce(0) { sites.contains($1.site) ? $0 + $1.count : $0 } }

    func excess(of count: Int) -> QuotaExcess {
        QuotaExcess(
            quota: room.quota, limit: room.use.limit, inUse: room.use.peak, asked: each * Int64(count),
            at: room.use.peakAt ?? max(held.start, room.from ?? held.start)
        )
    }
}
