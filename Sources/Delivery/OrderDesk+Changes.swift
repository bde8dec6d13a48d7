package import CapacityModel
package import CapacityStore
import JobQueue
import Logging
import Placement
import Postgres

extension OrderDesk {
    /// Changes an order's terms under its row lock, in one transaction with what follows from it.
    ///
    /// - Parameter revision: The revision the customer looked at (`If-Match`); another one changes nothing.
    package func change(
        _ id: OrderID, tenant: TenantID?, _ change: OrderChange, revision: Int64?
    ) async throws(StoreError) -> ChangeOutcome {
        var refusal = ChangeOutcome.refused(Self.noRoom(Self.noRoomThen))
        for attempt in 1...Self.planningAttempts {
            let picture = try await planner.current()
            do {
                let step = try await store.transaction { session in
                    try self.attempt(change, of: id, tenant: tenant, revision: revision, on: picture, in: session)
                }
                guard case .changed(let sites) = step else {
                    if step.isRefused, try await endOffers(of: tenant, before: attempt) { continue }
                    return step.outcome
                }
                bell.ring(ReconcileOrder.queue)
                try await store.announce(sites: sites, orders: [id])
                guard let record = try await store.order(id, tenant: tenant) else { return .notFound }
                return .changed(record)
            } catch .oversold(let detail) {
                logger.debug(
                    "The ledger refused the change", metadata: ["order": "\(id.text)", "why": "\(detail)"])
                // Another plan may fit; an extension has only the hosts it is on, unless the tenant's own offers are in its way.
                if case .extend(let end) = change {
                    if try await endOffers(of: tenant, before: attempt) { continue }
                    return .refused(try await noRoom(for: id, until: end, on: picture))
                }
                refusal = .refused(Self.noRoom(Self.noRoomThen))
            } catch .quotaExceeded(let excess) {
                refusal = .quotaExceeded(excess)
                if case .extend(let end) = change {
                    let shorter = try await shorterExtension(of: id, until: end, on: picture)
                    return .quotaExceeded(excess, offers: shorter.map { [$0] } ?? [])
                }
            }
        }
        return refusal
    }

    /// Whether offers of the tenant were in the way of its own change, which is worth another attempt then.
    private func endOffers(of tenant: TenantID?, before attempt: Int) async throws(StoreError) -> Bool {
        guard let tenant, attempt < Self.planningAttempts else { return false }
        return try await endOffers(of: tenant)
    }

    private enum Step {
        case changed([SiteID])
        case ended(ChangeOutcome)

        var outcome: ChangeOutcome {
            switch self {
            case .changed: .notFound
            case .ended(let outcome): outcome
            }
        }

        var isRefused: Bool {
            if case .ended(.refused) = self { true } else { false }
        }
    }

    private func attempt(
        _ change: OrderChange, of id: OrderID, tenant: TenantID?, revision: Int64?, on picture: Planner.Picture,
        in session: isolated Session
    ) throws -> Step {
        guard let work = try Store.lockOrder(id, in: session), tenant == nil || work.order.tenant == tenant else {
            return .ended(.notFound)
        }
        if let revision, revision != work.order.revision {
            return .ended(.revisionMismatch(current: work.order.revision))
        }
        guard work.order.state != .releasing, work.order.state != .settled, work.now < work.order.window.end else {
            return .ended(.tooLate(work.order.state))
        }
        let step: Step =
            switch change {
            case .cancel: try cancel(work, in: session)
            case .extend(let end): try extend(work, to: end, in: session)
            case .shorten(let end): try shorten(work, to: end, in: session)
            case .scale(let count): try scale(work, to: count, on: picture, in: session)
            }
        try ReconcileOrder.nudgeWaiting(and: [id], in: session)
        return step
    }

    private func cancel(_ work: OrderWork, in session: isolated Session) throws -> Step {
        let id = work.order.id
        try Store.cancel(id, in: session)
        let sites = try Store.stop(id, limit: work.order.counts.requested, in: session)
        try Store.move(id, from: work.order.state, on: .release, in: session)
        return .changed(sites)
    }

    private func extend(_ work: OrderWork, to end: CapacityModel.Instant, in session: isolated Session) throws -> Step {
        guard end > work.order.window.end else {
            return .ended(.contradiction("the order ends at \(work.order.window.end); extend moves its end later"))
        }
        let latest = Offering.latestEnd(at: work.now)
        guard end <= latest else { return .ended(.contradiction("the latest end is \(latest), 400 days from now")) }
        try Store.moveEnd(of: work.order.id, to: end, in: session)
        return .changed(try Store.reassign(work.order.id, in: session))
    }

    private func shorten(_ work: OrderWork, to end: CapacityModel.Instant, in session: isolated Session) throws -> Step
    {
        guard end < work.order.window.end, end > work.order.window.start, end > work.now else {
            let start = max(work.now, work.order.window.start)
            return .ended(
                .contradiction(
                    "shorten moves the end to between \(start) and \(work.order.window.end); to end now, cancel")
            )
        }
        try Store.moveEnd(of: work.order.id, to: end, in: session)
        return .changed(try Store.reassign(work.order.id, in: session))
    }

    private func scale(
        _ work: OrderWork, to count: Int, on picture: Planner.Picture, in session: isolated Session
    ) throws -> Step {
        let order = work.order
        let difference = count - order.request.count
        guard difference != 0 else { return .ended(.contradiction("the order has a count of \(count) already")) }
        guard difference > 0 else {
            let toStop = try Store.withdraw(-difference, of: order.id, in: session)
            let sites = toStop > 0 ? try Self.stop(toStop, of: order, for: count, on: picture, in: session) : []
            try Self.giveBackSurplus(of: order, in: session)
            return .changed(sites)
        }
        let spread = try Store.spreads(of: [order.id], in: session)[order.id] ?? OrderSpread()
        let start = max(work.now.wholeSecond, order.startAt)
        var demand = Demand(
            count: difference, unit: order.request.spec.resources, scope: order.request.scope,
            held: Window(start: start, end: order.window.end + order.request.release.grace),
            spread: order.request.spread, existing: spread.existing, shareBase: count, avoiding: spread.failedOn,
            preference: order.sitePreference, neighbours: try Store.neighbours(of: order.id, in: session)
        )
        if let survive = order.request.survive {
            let spare = try Store.spares(of: order.id, in: session)
            demand.count(spare.filter(\.isUsable), survives: survive)
        }
        let rooms = try Store.quotaRooms(of: order.tenant, for: demand, in: session)
        let inventory = try picture.seen(by: order.tenant, in: session).inventory
        let allowance = Allowance(quotas: rooms)
        let answer = allowance.place(demand, on: inventory)
        lazy var fewer = allowance.fewer(than: demand, on: inventory).map {
            Offer(kind: .fewer, count: order.request.count + $0, window: order.window)
        }
        switch answer {
        case .exceeded(let excess):
            return .ended(.quotaExceeded(excess, offers: fewer.map { [$0] } ?? []))
        case .short(var shortage):
            // A change of the count has no spec in its body that could be named.
            shortage.excess = []
            return .ended(.refused(Refusal(shortage: shortage, offers: fewer.map { [$0] } ?? [])))
        case .placed(let plan, _):
            try Store.ask(for: difference, of: order.id, in: session)
            let billedFrom = start > order.startAt ? start : nil
            try Store.reserve(plan.groups, for: order.id, billedFrom: billedFrom, in: session)
            try Store.reserveSpare(plan.spare, for: order.id, from: billedFrom, in: session)
            return .changed([])
        }
    }

    /// Stops the newest, or those without which the order's rules are kept for `count`; the sites they are at.
    private static func stop(
        _ toStop: Int, of order: OrderRecord, for count: Int, on picture: Planner.Picture, in session: isolated Session
    ) throws -> [SiteID] {
        let rules = order.request.spread.filter { $0.whenUnsatisfiable == .reject }
        if !rules.isEmpty {
            let shrinking = Shrinking(
                existing: try Store.stoppable(of: order.id, in: session), rules: rules, count: count,
                inventory: picture.inventory)
            let left = try Store.stoppable(of: order.id, after: toStop, in: session)
            if !shrinking.isAllowed(left), let chosen = shrinking.chosen(toStop) {
                return try Store.stop(chosen, of: order.id, in: session)
            }
        }
        return try Store.stop(order.id, limit: toStop, in: session)
    }

    /// Gives back what fewer instances need no spare for.
    private static func giveBackSurplus(of order: OrderRecord, in session: isolated Session) throws {
        guard order.spare > 0 else { return }
        let spares = Spares(
            instances: try Store.instancesBySite(of: order.id, in: session),
            rows: try Store.spares(of: order.id, in: session))
        try Store.giveBackSpare(spares.surplus, of: order.id, in: session)
    }

    static let noRoomThen = "a host this order is on has no room for it then"

    /// Says nothing of the host: what others have on it is theirs.
    static func noRoom(_ detail: String, offers: [Offer] = []) -> Refusal {
        let gap = Gap(bound: .capacity, missing: 1, detail: detail)
        return Refusal(shortage: Shortage(available: 0, missing: 1, gap: [gap]), offers: offers)
    }
}
