package import CapacityModel
package import CapacityStore
package import JobQueue
package import Logging
import Placement
import Postgres

/// Brings one order one step further, as often as it takes: from its window's start to its receipt.
///
/// Each pass is one transaction under the order's row lock, so passes of one order never run side by side, however many
/// workers take it up.
package struct ReconcileOrder: JobHandler {
    package struct Payload: Codable, Sendable {
        package var order: Int64
    }

    package static let kind = "order.reconcile"
    package static let queue = "orders"
    package static let backoff = Backoff(first: .milliseconds(200), longest: .seconds(10))
    /// Passes of one attempt; the next attempt goes on.
    static let passLimit = 16

    let store: Store
    let planner: Planner
    let bell: Bell
    let logger: Logger

    package init(store: Store, planner: Planner, bell: Bell, logger: Logger) {
        self.store = store
        self.planner = planner
        self.bell = bell
        self.logger = logger
    }

    static func key(of id: OrderID) -> String { "reconcile-\(id.text)" }

    /// The one job of an order. Retries have no useful end while the order is unfinished, so the sweep makes a new one.
    static func job(for id: OrderID, dueAt: CapacityModel.Instant?) throws -> Job {
        try Job(
            ReconcileOrder.self, Payload(order: id.rawValue), queue: queue, runAt: dueAt?.postgres,
            maxAttempts: 1_000, uniqueKey: key(of: id)
        )
    }

    package func run(_ payload: Payload, _ context: JobContext) async throws -> JobOutcome {
        try await reconcile(OrderID(rawValue: payload.order))
    }

    /// Brings the order as far as it will go now, and says when to look again.
    package func reconcile(_ id: OrderID) async throws -> JobOutcome {
        for _ in 0..<Self.passLimit {
            let pass = try await pass(over: id)
            try await store.announce(sites: pass.sites, orders: pass.changed ? [id] : [])
            if pass.lacksSpare { try await renewSpare(of: id) }
            if let wanted = pass.toPlace, try await place(wanted, for: id) { continue }
            guard let next = pass.next else { return .done }
            if next > .zero { return .snooze(next) }
        }
        return .snooze(OrderPass.pace)
    }

    private struct Pass {
        var sites: [SiteID] = []
        var changed = false
        var toPlace: Int?
        var lacksSpare = false
        var next: Duration?
    }

    private func pass(over id: OrderID) async throws(StoreError) -> Pass {
        try await store.transaction { session in
            guard var work = try Store.lockOrder(id, in: session) else { return Pass() }
            let moves = try Store.openMoves(of: id, in: session)
            let moved = try Self.advance(moves, of: &work, in: session)
            let search = work.order.counts.failed > 0 ? try Store.imageSearch(for: id, in: session) : nil
            let decision = OrderPass.decide(work.order, search, at: work.now)
            var pass = Pass(sites: moved ?? [], changed: moved != nil, next: decision.next)
            if let next = decision.next, !moves.isEmpty { pass.next = min(next, OrderPass.pace) }
            var state = work.order.state
            for action in decision.actions {
                guard action != .keepSpare else {
                    pass.lacksSpare = try Self.lacksSpare(id, in: session)
                    continue
                }
                pass.changed = true
                switch action {
                case .keepSpare: break
                case .deliverSpare(let count):
                    let delivered = try Self.deliverSpare(count, of: work.order, at: work.now, in: session)
                    if delivered == 0 {
                        pass.toPlace = count
                        pass.next = OrderPass.topUpPace
                    }
                case .assign:
                    let lost = try Self.giveUpLost(id, in: session)
                    pass.sites += lost
                    if !lost.isEmpty { pass.next = .zero }
                    pass.sites += try Store.assign(id, in: session)
                case .place(let count): pass.toPlace = count
                case .refuseWaiting: try Store.refuseWaiting(of: id, in: session)
                case .release: try Store.release(id, in: session)
                case .stop: pass.sites += try Store.stop(id, limit: work.order.counts.requested, in: session)
                case .note(let problem): try Store.note(problem, of: id, in: session)
                case .settle: try Store.writeReceipt(of: id, in: session)
                case .fence:
                    let freed = try Store.fence(id, silentFor: OrderPass.fenceSilence, in: session)
                    pass.changed = freed > 0
                    guard freed > 0 else { continue }
                    pass.next = .zero
                    try Self.nudgeWaiting(in: session)
                case .move(let event):
                    try Store.move(id, from: state, on: event, in: session)
                    state = state.after(event) ?? state
                }
            }
            return pass
        }
    }

    /// Goes on with what moves, before anything else is decided: a pair of instances is one to the order. `nil` where there was
    /// nothing to do, else the sites that have something to stop.
    private static func advance(
        _ moves: [OpenMove], of work: inout OrderWork, in session: isolated Session
    ) throws -> [SiteID]? {
        let due = moves.filter { $0.step != .wait }
        guard !due.isEmpty else { return nil }
        let sites = try Store.advance(due, of: work.order.id, in: session)
        guard let fresh = try Store.lockOrder(work.order.id, in: session) else { return sites }
        work = fresh
        return sites
    }

    /// Nothing is handed over to a site that is lost: what was to begin there has failed, and is placed anew by the next pass.
    private static func giveUpLost(_ id: OrderID, in session: isolated Session) throws -> [SiteID] {
        guard try Store.hasLostSite(in: session) else { return [] }
        return try Store.giveUp([id], notice: OrderPass.handOverLead, in: session).sites
    }

    /// Looks for room for waiting instances; whether any was found. What is short stays waiting.
    private func place(_ wanted: Int, for id: OrderID) async throws(StoreError) -> Bool {
        for _ in 0..<OrderDesk.planningAttempts {
            let picture = try await planner.current()
            do {
                return try await store.transaction { session in
                    try self.placeOnce(wanted, for: id, on: picture, in: session)
                }
            } catch .oversold(let detail) {
                logger.debug(
                    "Others were faster; placing again", metadata: ["order": "\(id.text)", "why": "\(detail)"])
            } catch .quotaExceeded(let excess) {
                logger.debug(
                    "The quota was used up; placing again",
                    metadata: ["order": "\(id.text)", "quota": "\(excess.quota)"])
            }
        }
        return false
    }

    private func placeOnce(
        _ wanted: Int, for id: OrderID, on picture: Planner.Picture, in session: isolated Session
    ) throws -> Bool {
        guard let work = try Store.lockOrder(id, in: session), work.now < work.order.window.end else { return false }
        let order = work.order
        let count = min(wanted, OrderPass.stillWanted(order, at: work.now))
        guard count > 0 else { return false }
        let spread = try Store.spreads(of: [id], in: session)[id] ?? OrderSpread()
        let neighbours = try Store.neighbours(of: id, in: session)
        let demand = Demand(placing: count, of: order, spread: spread, beside: neighbours, at: work.now)
        guard let (inventory, quotas) = try picture.seen(by: order.tenant, in: session).turn(of: order) else {
            return false
        }
        let rooms = try Store.quotaRooms(of: order.tenant, for: demand, in: session)
        let allowance = Allowance(quotas: rooms + quotas.rooms(of: order.tenant, during: demand.held))
        guard case .placed(let plan, _) = allowance.place(demand, on: inventory), plan.count > 0 else { return false }
        let starts = demand.held.start > order.startAt ? demand.held.start : nil
        try Store.reserve(plan.groups, for: id, billedFrom: starts, in: session)
        try Store.countReplaced(min(plan.count, order.counts.failed - order.replaced), of: id, in: session)
        if order.lost > 0 { try Store.makeUpForLosses(plan.count, of: id, bySpare: false, in: session) }
        return true
    }
}
