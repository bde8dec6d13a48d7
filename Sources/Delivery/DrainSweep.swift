import CapacityModel
import CapacityStore
import Logging
import Metering
import Placement
import Postgres

/// Moves what has not begun off hosts that drain: reservations of orders no agent knows yet, and whatever is held without
/// running. What fits nowhere else stays where it is until a later sweep, or until it runs there.
struct DrainSweep {
    /// Orders or holds found at once.
    static let batch = 256
    /// Batches of one sweep; the next sweep goes on.
    static let batchLimit = 64
    /// Transactions one order or hold may take in a sweep.
    static let stepLimit = 64
    /// An order this close to being handed over is left alone.
    static let notice = OrderPass.handOverLead + .seconds(5)

    let store: Store
    let planner: Planner
    let logger: Logger

    func run() async throws(StoreError) {
        try await sweep { after, session in
            try Store.ordersToMove(after: after, limit: Self.batch, notice: Self.notice, in: session)
        } move: { id, picture, session in
            try Self.step(id, on: picture, in: session)
        }
        try await sweep { after, session in
            try Store.holdsToMove(after: after, limit: Self.batch, in: session)
        } move: { id, picture, session in
            try Self.step(id, on: picture, in: session)
        }
    }

    /// Goes through all that `find` finds, in the order of their ids, so that one that is stuck keeps none from its turn.
    private func sweep<ID: Sendable>(
        find: @escaping @Sendable (ID?, isolated Session) throws -> [ID],
        move: @escaping @Sendable (ID, Planner.Picture, isolated Session) throws -> Bool
    ) async throws(StoreError) {
        var last: ID?
        for _ in 0..<Self.batchLimit where !Task.isCancelled {
            let after = last
            let found = try await store.transaction { session in try find(after, session) }
            for id in found {
                try await moveAll(id, move)
            }
            guard found.count == Self.batch else { return }
            last = found.last
        }
    }

    /// Takes step after step until there is nothing more to move, or nowhere to.
    private func moveAll<ID: Sendable>(
        _ id: ID, _ move: @escaping @Sendable (ID, Planner.Picture, isolated Session) throws -> Bool
    ) async throws(StoreError) {
        for _ in 0..<Self.stepLimit where !Task.isCancelled {
            let picture = try await planner.current()
            do {
                guard try await store.transaction({ session in try move(id, picture, session) }) else { return }
            } catch .oversold(let detail) {
                logger.debug("Others were faster; moving again", metadata: ["what": "\(id)", "why": "\(detail)"])
            } catch .quotaExceeded(let excess) {
                // Its own tenant was faster. It stays until a later sweep, and is in no other's way.
                logger.debug("A quota has no room to move", metadata: ["what": "\(id)", "quota": "\(excess.quota)"])
                return
            }
        }
    }

    /// Moves some of an order; whether there may be more.
    private static func step(_ id: OrderID, on picture: Planner.Picture, in session: isolated Session) throws -> Bool {
        guard let work = try Store.lockOrder(id, in: session), work.order.state == .accepted,
            work.now + notice < work.order.startAt
        else { return false }
        let order = work.order
        let spread = try Store.spreads(of: [id], in: session)[id] ?? OrderSpread()
        let removal = try Removal(
            of: try Store.toMove(of: id, in: session),
            for: Demand(
                count: 0, unit: order.request.spec.resources, scope: order.request.scope,
                held: Window(start: order.startAt, end: order.window.end + order.request.release.grace),
                spread: order.request.spread, existing: spread.existing, shareBase: order.request.count,
                avoiding: spread.failedOn, preference: order.sitePreference,
                neighbours: try Store.neighbours(of: id, in: session)
            ), of: order.tenant, in: session)
        // Where what is spare goes on being enough, if it can. Spare on a host that drains is the reconciler's to replace.
        let spare = order.spare > 0 ? try Store.spares(of: id, in: session).filter(\.isUsable) : []
        let inventory = try picture.seen(by: order.tenant, in: session).inventory
        guard let move = removal.next(beside: spare, on: inventory) else { return false }
        try Store.move(id, from: move.sources, to: move.groups, in: session)
        return !move.isLast
    }

    /// Moves some of a hold; whether there may be more.
    private static func step(_ id: HoldID, on picture: Planner.Picture, in session: isolated Session) throws -> Bool {
        guard let hold = try Store.lockHold(id, in: session), hold.state == .held else { return false }
        let held = hold.window.extended(lead: hold.lead, grace: hold.grace)
        guard picture.now < held.end else { return false }
        let existing = try Store.held(by: id, in: session).reduce(into: [:]) { $0[$1.host, default: 0] += $1.count }
        let removal = try Removal(
            of: try Store.toMove(of: id, in: session),
            for: Demand(
                count: 0, unit: hold.unit, scope: hold.scope,
                held: Window(start: max(held.start, picture.now.wholeSecond), end: held.end),
                spread: hold.spread, existing: existing, shareBase: hold.counts.requested,
                preference: try preference(of: hold, in: session)
            ), of: hold.tenant, in: session)
        let inventory = try picture.seen(by: hold.tenant, in: session).inventory
        guard let move = removal.next(on: inventory) else { return false }
        try Store.move(id, from: move.sources, to: move.groups, in: session)
        return !move.isLast
    }

    /// What the customer of a hold prefers, at the prices of now. Where there are none it moves all the same.
    private static func preference(of hold: HoldRecord, in session: isolated Session) throws -> SitePreference? {
        guard let prefer = hold.prefer else { return nil }
        guard prefer.parts.price > 0, let book = PriceBook(try Store.rates(in: session)) else {
            return SitePreference(prefer)
        }
        return SitePreference(prefer, forHoldOf: hold.unit, at: book)
    }
}
