import CapacityModel
import CapacityStore
import Logging
import Placement
import Postgres

/// What an order holds against the loss of a site: delivered first when instances are missing, and made whole again.
extension ReconcileOrder {
    /// Makes instances of the spare of a locked order in place of up to `count` that failed; how many. Nothing is planned.
    static func deliverSpare(
        _ count: Int, of order: OrderRecord, at now: CapacityModel.Instant, in session: isolated Session
    ) throws -> Int {
        let failed = try Store.failedPlaces(of: order.id, in: session)
        let spares = Spares(instances: [:], rows: try Store.spares(of: order.id, in: session))
        let shares = spares.inPlace(of: count, failedOn: failed.hosts, at: failed.sites)
        let delivered = shares.reduce(0) { $0 + $1.count }
        guard delivered > 0 else { return 0 }
        let start = now.wholeSecond > order.startAt ? now.wholeSecond : nil
        try Store.deliverSpare(shares, of: order.id, billedFrom: start, in: session)
        try Store.countReplaced(min(delivered, order.counts.failed - order.replaced), of: order.id, in: session)
        if order.lost > 0 { try Store.makeUpForLosses(delivered, of: order.id, bySpare: true, in: session) }
        return delivered
    }

    /// Whether the spare of a locked order is not enough, or not where it could be used.
    static func lacksSpare(_ id: OrderID, in session: isolated Session) throws -> Bool {
        let instances = try Store.instancesBySite(of: id, in: session)
        return try !Spares(instances: instances, rows: Store.spares(of: id, in: session)).isWhole
    }

    /// Takes what the order's spare lacks, where there is room for all of it; else it stays as it is until the next look.
    func renewSpare(of id: OrderID) async throws(StoreError) {
        for _ in 0..<OrderDesk.planningAttempts {
            let picture = try await planner.current()
            do {
                return try await store.transaction { session in try Self.renewSpare(of: id, on: picture, in: session) }
            } catch .oversold(let detail) {
                logger.debug(
                    "Others were faster; looking for a spare again",
                    metadata: ["order": "\(id.text)", "why": "\(detail)"])
            } catch .quotaExceeded(let excess) {
                logger.debug(
                    "The quota leaves no room for a spare",
                    metadata: ["order": "\(id.text)", "quota": "\(excess.quota)"])
                return
            }
        }
    }

    private static func renewSpare(
        of id: OrderID, on picture: Planner.Picture, in session: isolated Session
    ) throws {
        guard let work = try Store.lockOrder(id, in: session), work.order.keepsSpare(at: work.now) else { return }
        let order = work.order
        let spread = try Store.spreads(of: [id], in: session)[id] ?? OrderSpread()
        let rows = try Store.spares(of: id, in: session)
        var demand = Demand(
            placing: 0, of: order, spread: spread, beside: try Store.neighbours(of: id, in: session), at: work.now)
        demand.leastAcceptable = 0
        demand.count(rows.filter(\.isUsable), survives: order.request.survive)
        let inventory = try picture.seen(by: order.tenant, in: session).inventory
        guard case .placed(let plan, _) = place(demand, on: inventory) else { return }
        let start = demand.held.start > order.startAt ? demand.held.start : nil
        try Store.reserveSpare(plan.spare, for: id, from: start, in: session)
        let useless = rows.filter { !$0.isUsable }.map { SpareShare(reservation: $0.reservation, count: $0.count) }
        try Store.giveBackSpare(useless, of: id, in: session)
    }
}

extension OrderRecord {
    /// Whether it holds a spare, or looks for one: what is short of instances looks for those.
    func keepsSpare(at now: CapacityModel.Instant) -> Bool {
        guard request.survive != nil, counts.waiting == 0, now < window.end else { return false }
        return switch state {
        case .accepted, .delivering, .active: true
        case .releasing, .settled: false
        }
    }
}

extension Demand {
    /// Has what is spare already counted among the existing.
    mutating func count(_ spare: [SpareRow], survives: Survival?) {
        self.survives = survives
        existingSpare = spare.reduce(0) { $0 + $1.count }
        for row in spare { existing[row.host, default: 0] += row.count }
    }
}
