import CapacityModel
import CapacityStore
import JobQueue
import Placement
import Postgres

/// The orders that are short of instances, first come, first served. Pure.
///
/// Nothing is queued: whoever plans first sets aside what those before him could take. So freed capacity reaches the list in
/// its order, whoever happens to look first, and nothing is kept from anybody that the list has no use for.
struct WaitingList: Hashable {
    /// In the order in which they are served.
    let orders: [WaitingOrder]

    /// Takes out of `fleet` what the orders of the list would be given at `now`, one after the other, up to the one before
    /// `order`; of all of them where it is `nil`.
    func setAside(
        before order: OrderID? = nil, on fleet: FleetByClass, at now: CapacityModel.Instant
    ) -> FleetByClass {
        var fleet = fleet
        // Where orders of the list are thought to go binds those behind them too.
        var givenTo: [OrderID: Set<HostID>] = [:]
        for waiting in orders {
            if let order, waiting.order.id >= order { break }
            let wanted = OrderPass.stillWanted(waiting.order, at: now)
            guard wanted > 0 else { continue }
            let neighbours = waiting.neighbours.map { neighbour in
                Neighbour(
                    neighbour.affinity, hosts: neighbour.hosts.union(givenTo[neighbour.affinity.order, default: []]))
            }
            let demand = Demand(
                placing: wanted, of: waiting.order, spread: waiting.spread, beside: neighbours, at: now)
            guard demand.held.start < demand.held.end,
                case .placed(let plan, _) = Allowance(quotas: waiting.quotas)
                    .place(demand, on: fleet[waiting.tenantClass])
            else { continue }
            givenTo[waiting.order.id, default: []].formUnion(plan.groups.map(\.host))
            fleet.take(plan, of: demand.unit, during: demand.held, by: waiting.tenantClass)
        }
        return fleet
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
