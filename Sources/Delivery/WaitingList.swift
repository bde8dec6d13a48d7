import CapacityModel
import CapacityStore
import JobQueue
import Placement
import Postgres

/// The orders that are short of instances, first come, first served. Pure.
///
/// Nothing is queued: whoever plans first sets aside what those before him could take. So freed capacity reaches the list in
/// its order, whoever happens to look first, and nothing is kept from anybody that the list has no use for.
struct WaitingList {
    private let waiting: WaitingOrders

    init(_ waiting: WaitingOrders) {
        self.waiting = waiting
    }

    /// What one order of the list could take now.
    struct Share: Hashable {
        var order: OrderID
        var tenant: TenantID
        var tenantClass: TenantClass
        var plan: Plan
        var unit: Resources
        var held: Window
    }

    /// Whether somebody waits behind those who are looked at, and so before any newcomer.
    var isCut: Bool { waiting.isCut }

    /// Whether an order stands behind those who are looked at.
    func isBeyond(_ order: OrderID) -> Bool { isCut && waiting.orders.last.map { $0.order.id < order } ?? false }

    /// What the orders of the list would be given at `now`, one after the other; those that would get nothing are left out.
    ///
    /// Mostly nearly all of them would, or they would not wait. So it is first seen whether any host has room for one instance,
    /// and what has none anywhere need not be asked for again by those behind who want as much, or more, or for longer.
    func shares(on fleet: FleetByClass, at now: CapacityModel.Instant) -> [Share] {
        guard !waiting.orders.isEmpty else { return [] }
        var (fleet, hopeless, shares) = (fleet, Hopeless(), [Share]())
        var quotas = QuotaUses(waiting.quotas)
        // Where orders of the list are thought to go binds those behind them too.
        var givenTo: [OrderID: Set<HostID>] = [:]
        for waiting in waiting.orders {
            let wanted = OrderPass.stillWanted(waiting.order, at: now)
            guard wanted > 0 else { continue }
            let neighbours = waiting.neighbours.map { neighbour in
                Neighbour(
                    neighbour.affinity, hosts: neighbour.hosts.union(givenTo[neighbour.affinity.order, default: []]))
            }
            let demand = Demand(
                placing: wanted, of: waiting.order, spread: waiting.spread, beside: neighbours, at: now)
            guard demand.held.start < demand.held.end else { continue }
            let allowance = Allowance(quotas: quotas.rooms(of: waiting.order.tenant, during: demand.held))
            guard let plan = hopeless.plan(demand, within: allowance, for: waiting.tenantClass, on: fleet) else {
                continue
            }
            let share = Share(
                order: waiting.order.id, tenant: waiting.order.tenant, tenantClass: waiting.tenantClass, plan: plan,
                unit: demand.unit, held: demand.held)
            quotas.take(share, on: fleet)
            fleet.take(share)
            givenTo[share.order, default: []].formUnion(plan.groups.map(\.host))
            shares.append(share)
        }
        return shares
    }

    /// The quotas of the tenants of the list as they are once these have got their shares.
    func quotas(after shares: some Sequence<Share>, on fleet: FleetByClass) -> QuotaUses {
        var quotas = QuotaUses(waiting.quotas)
        for share in shares { quotas.take(share, on: fleet) }
        return quotas
    }
}

extension FleetByClass {
    /// Takes out what an order of the waiting list could have.
    mutating func take(_ share: WaitingList.Share) {
        take(share.plan, of: share.unit, during: share.held, by: share.tenantClass)
    }
}

extension Demand {
    /// What is asked for `count` more instances of an order, any of them rather than none, from `now` or its start on.
    init(
        placing count: Int, of order: OrderRecord, spread: OrderSpread, beside neighbours: [Neighbour] = [],
        at now: CapacityModel.Instant
    ) {
        self.init(
            count: count, leastAcceptable: 1, unit: order.request.spec.resources, scope: order.request.scope,
            held: Window(
                start: max(now.wholeSecond, order.startAt), end: order.window.end + order.request.release.grace),
            spread: order.request.spread, existing: spread.existing, shareBase: order.request.count,
            avoiding: spread.failedOn, preference: order.sitePreference, neighbours: neighbours
        )
    }
}

extension OrderRecord {
    /// Its customer's preference, at the rates that were fixed for it.
    var sitePreference: SitePreference? {
        request.prefer.map { prefer in
            SitePreference(prefer, hourMicro: rates.hourMicro)
        }
    }
}

extension [OrderRate] {
    /// What one instance costs an hour in each area.
    var hourMicro: [Area: Int64] {
        Dictionary(map { ($0.area, $0.instanceHourMicro) }) { first, _ in first }
    }
}

extension ReconcileOrder {
    /// Has the orders at the head of the waiting list looked at, because capacity came free, together with `others`.
    static func nudgeWaiting(and others: [OrderID] = [], in session: isolated Session) throws {
        let orders = try Store.waitingIDs(in: session) + others
        guard !orders.isEmpty else { return }
        try JobQueue.hasten(uniqueKeys: orders.map(key), in: session)
    }
}
