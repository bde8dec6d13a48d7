package import CapacityModel
package import CapacityStore
import JobQueue
import Logging
import Metering
import Placement
import Postgres

extension OrderDesk {
    /// Takes capacity on which nothing is deployed yet, or says why not. All or nothing: a hold is made to be counted on.
    package func hold(
        _ request: HoldRequest, tenant: TenantID, idempotency: Idempotency?
    ) async throws(StoreError) -> HoldOutcome {
        if let outcome = try await replayHold(idempotency, of: tenant) { return outcome }
        var attempt = 1
        while true {
            let picture = try await planner.current(for: tenant, in: store)
            do {
                let isLast = attempt == Self.planningAttempts
                if let outcome = try await attemptHold(
                    request, tenant: tenant, idempotency: idempotency, on: picture, isLast: isLast)
                {
                    return outcome
                }
                attempt += 1
            } catch .oversold(let detail) where attempt < Self.planningAttempts {
                logger.debug(
                    "Others were faster; planning again", metadata: ["attempt": "\(attempt)", "why": "\(detail)"])
                attempt += 1
            } catch .quotaExceeded(let excess) {
                guard attempt < Self.planningAttempts else { return .quotaExceeded(excess) }
                attempt += 1
            } catch  where error.isIdempotencyRace {
                guard let outcome = try await replayHold(idempotency, of: tenant) else { throw error }
                return outcome
            }
        }
    }

    /// Gives back what is left of a hold. One that was given back before stays as it is.
    package func release(_ id: HoldID, tenant: TenantID?) async throws(StoreError) -> HoldReleaseOutcome {
        let state: HoldState? = try await store.transaction { session in
            guard let hold = try Store.lockHold(id, in: session), tenant == nil || hold.tenant == tenant else {
                return nil
            }
            if hold.state == .held {
                try Store.end([id], on: .release, in: session)
                try ReconcileOrder.nudgeWaiting(in: session)
            }
            return hold.state
        }
        if state == .held { bell.ring(ReconcileOrder.queue) }
        guard let state, let record = try await store.hold(id, tenant: tenant) else { return .notFound }
        switch state {
        case .held, .released: return .released(record)
        case .drawn, .expired: return .tooLate(state)
        }
    }

    /// `nil` where offers were in the way that are not any more.
    private func attemptHold(
        _ request: HoldRequest, tenant: TenantID, idempotency: Idempotency?, on picture: Planner.Picture, isLast: Bool
    ) async throws(StoreError) -> HoldOutcome? {
        let window = request.window(at: picture.now, latest: Offering.latestEnd(at: picture.now))
        if let fault = Offering.fault(of: window, at: picture.now) { return .badTiming(fault) }
        let demand = try await demand(for: request, window: window)
        let rooms = try await store.quotaRooms(of: tenant, for: demand)
        let allowance = Allowance(quotas: rooms)
        switch allowance.place(demand, on: picture.inventory) {
        case .exceeded(let excess):
            let offers = try await offersWithinQuota(
                to: request, demand, within: allowance, on: picture, tenant: tenant)
            return .quotaExceeded(excess, offers: offers)
        case .short(let shortage):
            if !isLast, try await endOffers(of: tenant) { return nil }
            var refusal = Refusal(of: request, window: window, shortage, on: picture)
            refusal.offers = try await allowed(refusal.offers, insteadOf: request, on: picture, tenant: tenant)
            return .refused(refusal)
        case .placed(let plan, _):
            let new = NewHold(tenant: tenant, request: request, window: window, plan: plan, idempotency: idempotency)
            return .held(try await make(new), replayed: false)
        }
    }

    /// The demand of a hold, which knows what its instances will cost where its customer cares.
    private func demand(for request: HoldRequest, window: Window) async throws(StoreError) -> Demand {
        var demand = Demand(request, window: window)
        if let prefer = request.prefer, prefer.parts.price > 0 {
            demand.preference = SitePreference(prefer, forHoldOf: request.unit, at: try await .current(in: store))
        }
        return demand
    }

    private func make(_ new: NewHold) async throws(StoreError) -> HoldRecord {
        let id = try await store.transaction { session in
            let id = try Store.insert(new, in: session)
            try Store.reserve(new.plan.groups, forHold: id, in: session)
            return id
        }
        guard let record = try await store.hold(id, tenant: new.tenant) else { throw .stale }
        return record
    }

    private func replayHold(_ idempotency: Idempotency?, of tenant: TenantID) async throws(StoreError) -> HoldOutcome? {
        guard let idempotency, let earlier = try await store.earlierHold(idempotency, of: tenant) else { return nil }
        switch earlier {
        case .otherBody:
            return .keyReused
        case .sameBody(let id):
            guard let record = try await store.hold(id, tenant: tenant) else { throw .stale }
            return .held(record, replayed: true)
        }
    }
}

package enum HoldOutcome: Hashable, Sendable {
    case held(HoldRecord, replayed: Bool)
    /// Too little is free. Its offers have no quote, which is for an order.
    case refused(Refusal)
    /// The tenant would have more than it may.
    case quotaExceeded(QuotaExcess, offers: [Offer] = [])
    case badTiming(TimingFault)
    /// The idempotency key came with another body before.
    case keyReused
}

package enum HoldReleaseOutcome: Hashable, Sendable {
    case released(HoldRecord)
    case notFound
    /// There is nothing left to give back.
    case tooLate(HoldState)
}
