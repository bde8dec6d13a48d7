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

    /// The order at the earliest start at which quotas and hosts leave all of it, planned as the order it would be; `nil` where there
    /// is none as far as later starts are looked for, or none was found in so many attempts.
    private func laterWithinQuota(
        _ request: OrderRequest, _ offering: Offering, tenant: TenantID
    ) async throws(StoreError) -> Offering.Alternative? {
        let demand = offering.demand(request, window: request.timing.window(at: offering.picture.now))
        let duration = demand.held.duration
        let span = Window(start: demand.held.start, duration: Offering.laterWithin + duration)
        let (calendars, knownUntil) = try await store.quotaCalendars(of: tenant, within: span)
        let times = QuotaTimes(calendars, for: demand, within: span, on: offering.picture.inventory)
        var start = demand.held.start
        for _ in 0..<Self.laterAttempts {
            start = times.opening(from: start, for: duration)
            guard start + duration <= knownUntil, start - demand.held.start <= Offering.laterWithin else { return nil }
            var later = request
            later.timing.start = start + request.timing.lead
            var then = offering
            then.allowance = try await .current(of: tenant, for: later, at: offering.picture.now, in: store)
            switch try then.answer(later) {
            case .placed(let placed):
                return Offering.Alternative(kind: .later, request: later, placed: placed)
            case .short:
                guard case .at(let next) = then.next(later) else { return nil }
                start = next
            case .exceeded:
                guard let next = times.release(after: start) else { return nil }
                start = next
            case .badTiming:
                return nil
            }
        }
        return nil
    }
}
