import CapacityModel
import CapacityStore
import Placement

/// What a tenant may have instead of an order that would exceed its quota.
extension OrderDesk {
    /// Later starts that are planned before it is said that none was found.
    static let laterAttempts = 16

    /// Fewer, as many as the quota and the hosts leave, and later, when they leave all; what gives up less stands first. `nil` where
    /// there is reason to plan again, as with other refusals. What is held are hosts, not the quota: the tenant's own orders in
    /// between count in it.
    func offersWithinQuota(
        to request: OrderRequest, _ offering: Offering, tenant: TenantID, isLast: Bool
    ) async throws(StoreError) -> [Offer]? {
        if !isLast, try await endOffers(of: tenant) { return nil }
        let fewer = try offering.fewer(than: request)
        let later = try await laterWithinQuota(request, offering, tenant: tenant)
        var offers = [fewer, later].compactMap { $0 }
        if let fewer, let later, !offering.givesUpLess(fewer, than: later, of: request) { offers.reverse() }
        guard !offers.isEmpty else { return [] }
        return try await offer(offers, on: offering, tenant: tenant, isLast: isLast)
    }

    /// The order at the earliest start at which quotas and hosts leave all of it, planned as the order it would be.
    private func laterWithinQuota(
        _ request: OrderRequest, _ offering: Offering, tenant: TenantID
    ) async throws(StoreError) -> Offering.Alternative? {
        let demand = offering.demand(request, window: request.timing.window(at: offering.picture.now))
        return try await earliest(demand, tenant: tenant, on: offering.picture) { start async throws(StoreError) in
            var later = request
            later.timing.start = start + request.timing.lead
            var then = offering
            then.allowance = try await .current(
                of: tenant, for: later, at: offering.picture.now, in: self.store)
            switch try then.answer(later) {
            case .placed(let placed): return .found(Offering.Alternative(kind: .later, request: later, placed: placed))
            case .short: return .short(then.next(later))
            case .exceeded: return .exceeded
            case .badTiming: return .never
            }
        }
    }

    /// What of a reservation the quotas leave, fewer and later, what gives up less first.
    func offersWithinQuota(
        to request: HoldRequest, _ demand: Demand, within allowance: Allowance, on picture: Planner.Picture,
        tenant: TenantID
    ) async throws(StoreError) -> [Offer] {
        let window = request.window(at: picture.now, latest: Offering.latestEnd(at: picture.now))
        let fewer = allowance.fewer(than: demand, on: picture.inventory).map {
            Offer(kind: .fewer, count: $0, window: window)
        }
        let later: Offer? = try await earliest(demand, tenant: tenant, on: picture) { start async throws(StoreError) in
            let then = Window(start: start + request.lead, duration: window.duration)
            guard Offering.fault(of: then, at: picture.now) == nil else { return .never }
            var moved = demand
            moved.held = then.extended(lead: request.lead, grace: request.grace)
            let allowance = Allowance(quotas: try await self.store.quotaRooms(of: tenant, for: moved))
            switch allowance.place(moved, on: picture.inventory) {
            case .placed: return .found(Offer(kind: .later, count: request.count, window: then))
            case .short:
                let last = moved.held.start + Offering.laterWithin
                return .short(nextStart(for: moved, on: picture.inventory, notLaterThan: last))
            case .exceeded: return .exceeded
            }
        }
        guard let fewer, let later else { return [fewer, later].compactMap(\.self) }
        let givesUpLess = demand.givesUpLess(with: fewer.count, thanFrom: later.window.start - request.lead)
        return givesUpLess ? [fewer, later] : [later, fewer]
    }

    /// What was found at one later start.
    private enum Look<Found> {
        case found(Found)
        case short(NextStart)
        case exceeded
        case never
    }

    /// What is found at the earliest start at which a tenant's quotas, and then hosts, leave all of `demand`; `nil` where there is none
    /// as far as later starts are looked for, or none was found in so many attempts.
    private func earliest<Found>(
        _ demand: Demand, tenant: TenantID, on picture: Planner.Picture,
        _ look: (Instant) async throws(StoreError) -> Look<Found>
    ) async throws(StoreError) -> Found? {
        let duration = demand.held.duration
        let span = Window(start: demand.held.start, duration: Offering.laterWithin + duration)
        let (calendars, knownUntil) = try await store.quotaCalendars(of: tenant, within: span)
        let times = QuotaTimes(calendars, for: demand, within: span, on: picture.inventory)
        var start = demand.held.start
        for _ in 0..<Self.laterAttempts {
            start = times.opening(from: start, for: duration)
            guard start + duration <= knownUntil, start - demand.held.start <= Offering.laterWithin else { return nil }
            switch try await look(start) {
            case .found(let found): return found
            case .short(.at(let next)): start = next
            case .exceeded:
                guard let next = times.release(after: start) else { return nil }
                start = next
            case .short, .never: return nil
            }
        }
        return nil
    }
}
