import CapacityModel
import CapacityStore
import JobQueue
import Logging
import Metering
import Metrics
import Placement
import Postgres

/// Makes orders that come together: they are planned one after the other on one picture, each knowing what those before it take,
/// and written in one transaction.
///
/// Writers of all processes take turns: what they write fits beside what the others have written. Planners that pack well want the
/// same hosts, and without turns most of what they plan at the same time is refused. While it waits for its turn a writer plans on
/// what it knows, and enters the orders; in its turn it plans again only what does not fit any more. A turn is a courtesy: what is
/// written is held to the ledger as ever, and orders that are not made here take none.
///
/// Only what is granted is answered here. An order that is refused, or was made before, or meets others in the ledger, is left to
/// ``OrderDesk``, which takes it alone and knows what to offer.
actor OrderWriter {
    /// How many orders are written at a time, at most.
    static let groupLimit = 32
    /// How many orders wait to be written, at most; more are taken alone.
    static let waitingLimit = 1_024
    /// The largest order that is made together with others.
    static let instanceLimit = 1_000
    /// How long a group waits for a place in the line, for its turn, and for hosts that others have locked, each.
    static let patience = Duration.seconds(2)

    private let store: Store
    private let planner: Planner
    private let bell: Bell
    private let logger: Logger
    /// What was known when the last group was planned.
    private var picture: Planner.Picture?

    init(store: Store, planner: Planner, bell: Bell, logger: Logger) {
        self.store = store
        self.planner = planner
        self.bell = bell
        self.logger = logger
    }

    /// The orders that were made; `nil` stands for one that is to be taken alone. One group is made at a time.
    ///
    /// - Parameter group: Asked when there is a place in the line, and the same from then on.
    func make(_ group: @escaping GroupCommit<OrderDraft, OrderRecord?>.Group) async -> [OrderRecord?] {
        await make(group, isAgain: false)
    }

    private func make(
        _ group: @escaping GroupCommit<OrderDraft, OrderRecord?>.Group, isAgain: Bool
    ) async -> [OrderRecord?] {
        do {
            return try await makeAll(group)
        } catch  where error.isIdempotencyRace && !isAgain {
            // Another process has committed one of the keys meanwhile; now it is known, and the others need not go alone.
            return await make(group, isAgain: true)
        } catch .oversold where group().count > 1, .quotaExceeded where group().count > 1,
            .waitingListFull where group().count > 1
        {
            // One of them met others in the ledger, or in the waiting list. It is found by halves.
            let drafts = group()
            let half = drafts.count / 2
            return await make { Array(drafts[..<half]) } + make { Array(drafts[half...]) }
        } catch {
            logger.debug("Orders are taken alone", metadata: ["orders": "\(group().count)", "why": "\(error)"])
            return group().map { _ in nil }
        }
    }

    private func makeAll(
        _ group: @escaping GroupCommit<OrderDraft, OrderRecord?>.Group
    ) async throws(StoreError) -> [OrderRecord?] {
        let book = try await PriceBook.current(in: store)
        let known = if let picture { picture } else { try await planner.current() }
        let step = try await store.transaction { session in
            try Store.expectFewRows(waitingAtMost: Self.patience, in: session)
            try Store.lineUp(in: session)
            let drafts = group()
            let used = try Store.used(drafts.compactMap(\.key), in: session)
            guard let early = try known.updated(in: session) else { return Step() }
            let planned = try Self.plan(drafts, but: used, on: early, at: book, in: session)
            guard !planned.isEmpty else { return Step(picture: early) }
            let ids = try Self.enter(planned.map(\.new), in: session)
            try Store.takeTurn(in: session)
            guard var picture = try early.updated(in: session) else { throw StoreError.stale }
            let orders = try Self.review(planned, on: &picture, at: book, in: session)
            try Self.reserve(orders, ids, in: session)
            return Step(picture: picture, made: Array(zip(planned.map(\.place), ids)))
        }
        // Where the fleet itself changed there is none, and the next group begins with the planner's.
        picture = step.picture
        var made: [OrderRecord?] = group().map { _ in nil }
        guard !step.made.isEmpty else { return made }
        bell.ring(ReconcileOrder.queue)
        Counter(label: "muster_orders_accepted_total").increment(by: step.made.count)
        Counter(label: "muster_order_groups_total").increment()
        let records = try await store.orders(step.made.map(\.id)).reduce(into: [:]) { $0[$1.id] = $1 }
        for (place, id) in step.made { made[place] = records[id] }
        return made
    }

    private struct Step: Sendable {
        var picture: Planner.Picture?
        /// By their place in the group.
        var made: [(place: Int, id: OrderID)] = []
    }

    /// An order of a group, as it was planned.
    private struct Planned {
        /// Where it is in the group.
        let place: Int
        let draft: OrderDraft
        let new: NewOrder
    }

    /// The orders that find room beside those before them.
    private static func plan(
        _ drafts: [OrderDraft], but used: Set<TenantKey>, on picture: Planner.Picture, at book: PriceBook,
        in session: isolated Session
    ) throws -> [Planned] {
        var (picture, used) = (picture, used)
        var planned: [Planned] = []
        for (place, draft) in drafts.enumerated() {
            if let key = draft.key, !used.insert(key).inserted { continue }
            let own = try picture.seen(by: draft.tenant, in: session)
            guard let new = try plan(draft, on: own, at: book, in: session) else { continue }
            picture.take(new, by: own.tenantClass ?? .nobody)
            planned.append(Planned(place: place, draft: draft, new: new))
        }
        return planned
    }

    /// What was planned, where it still fits; where it does not, on other hosts. The picture takes it in.
    ///
    /// - Throws: `.oversold`, where one of them does not fit as the order that it was entered as.
    private static func review(
        _ planned: [Planned], on picture: inout Planner.Picture, at book: PriceBook, in session: isolated Session
    ) throws -> [NewOrder] {
        try planned.map { planned in
            let own = try picture.seen(by: planned.draft.tenant, in: session)
            var new = planned.new
            if !own.holds(new) {
                guard let again = try plan(planned.draft, on: own, at: book, in: session), again.isEntered(as: new)
                else { throw StoreError.oversold("others took the hosts of an order of \(new.request.count)") }
                new = again
            }
            picture.take(new, by: own.tenantClass ?? .nobody)
            return new
        }
    }

    private static func plan(
        _ draft: OrderDraft, on picture: Planner.Picture, at book: PriceBook, in session: isolated Session
    ) throws -> NewOrder? {
        var offering = Offering(picture: picture, book: book)
        if picture.hasQuotas {
            offering.allowance = try .current(
                of: draft.tenant, for: draft.request, else: draft.alternatives, at: picture.now, in: session)
        }
        guard case (let request, .placed(let placed)) = try offering.answer(draft.request, else: draft.alternatives)
        else { return nil }
        return NewOrder(
            tenant: draft.tenant, request: request, window: placed.window, plan: placed.plan,
            rates: offering.rates(of: request), idempotency: draft.idempotency)
    }

    /// Writes orders, their capacity and the jobs that deliver them.
    ///
    /// - Parameter giveUp: Gives up what the orders take over, between the two: whoever holds hosts waits for nobody's key.
    static func write(
        _ orders: [NewOrder], in session: isolated Session,
        after giveUp: (isolated Session) throws -> Void = { _ in }
    ) throws -> [OrderID] {
        let ids = try enter(orders, in: session)
        try giveUp(session)
        try reserve(orders, ids, in: session)
        return ids
    }

    /// Writes orders and the jobs that deliver them, which nobody waits for.
    private static func enter(_ orders: [NewOrder], in session: isolated Session) throws -> [OrderID] {
        let ids = try Store.insert(orders, in: session)
        let jobs = try zip(ids, orders).map { id, new in try ReconcileOrder.job(for: id, dueAt: new.dueAt) }
        try JobQueue.enqueue(jobs, in: session)
        return ids
    }

    /// Writes the capacity of orders. Last, because it locks hosts that others want as well.
    private static func reserve(_ orders: [NewOrder], _ ids: [OrderID], in session: isolated Session) throws {
        for new in orders {
            if let hold = new.hold { try Store.draw(new.plan.groups, from: hold, in: session) }
        }
        try Store.reserve(zip(ids, orders).map { id, new in (id, new.plan.groups) }, in: session)
        for (id, new) in zip(ids, orders) {
            try Store.reserveSpare(new.plan.spare, for: id, in: session)
            if new.isShort, !new.waits { try Store.refuseWaiting(of: id, in: session) }
        }
    }
}

/// An order as its customer sent it.
struct OrderDraft: Sendable {
    var request: OrderRequest
    /// What would do in its place, by rank.
    var alternatives: [OrderRequest]
    var tenant: TenantID
    var idempotency: Idempotency?

    /// Whether it can be made together with others: it keeps nobody waiting for long, and is planned on the picture alone.
    var isPlain: Bool {
        ([request] + alternatives).allSatisfy { request in
            request.count <= OrderWriter.instanceLimit && request.affinities?.isEmpty != false
                && request.survive == nil
        }
    }

    fileprivate var key: TenantKey? { idempotency.map { TenantKey(tenant: tenant, key: $0.key) } }
}

extension NewOrder {
    /// Whether the order's row and job would be the same for `other`.
    fileprivate func isEntered(as other: NewOrder) -> Bool {
        request == other.request && window == other.window && plan.count == other.plan.count
            && plan.relaxed == other.plan.relaxed && plan.unkept == other.plan.unkept
    }

    fileprivate var isShort: Bool { plan.count < request.count }

    /// Whether what is missing is looked for until it is found.
    var waits: Bool { request.fulfilment.topUp && isShort }

    /// When its job begins. One that waits looks for capacity from now on, however far its window is.
    fileprivate var dueAt: CapacityModel.Instant? {
        waits ? nil : OrderPass.handOverAt(window.start - request.timing.lead)
    }
}
