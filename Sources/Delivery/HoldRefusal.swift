import CapacityModel
import CapacityStore
import Placement

extension Refusal {
    /// The refusal of a hold for `window`: why, when it would fit, and what would be held instead if it were asked for.
    ///
    /// Its offers have no quote, because a hold has no price, and hold nothing: whoever wants one asks for it.
    init(of request: HoldRequest, window: Window, _ shortage: Shortage, on picture: Planner.Picture) {
        let demand = Demand(request, window: window)
        let next = nextStart(
            for: demand, on: picture.inventory, notLaterThan: demand.held.start + Offering.laterWithin)
        let offers = counterProposals(for: demand, on: picture.inventory, next: next).compactMap { proposal in
            Offer(proposal, of: request, window: window, at: picture.now)
        }
        self.init(
            shortage: shortage, offers: offers,
            explanation: RefusalExplanation(of: demand, lead: request.lead, next: next, on: picture.inventory))
    }
}

extension OrderDesk {
    /// Those of `offers` that the tenant's quotas allow in their own place and time, for their own number.
    func allowed(
        _ offers: [Offer], insteadOf request: HoldRequest, on picture: Planner.Picture, tenant: TenantID
    ) async throws(StoreError) -> [Offer] {
        var allowed: [Offer] = []
        for offer in offers {
            var changed = request
            (changed.count, changed.start) = (offer.count, offer.window.start)
            changed.unit = offer.unit ?? request.unit
            changed.scope = offer.scope ?? request.scope
            changed.spread = offer.spread ?? request.spread
            let demand = Demand(changed, window: offer.window)
            let allowance = Allowance(quotas: try await store.quotaRooms(of: tenant, for: demand))
            if case .placed(_, missing: 0) = allowance.place(demand, on: picture.inventory) { allowed.append(offer) }
        }
        return allowed
    }
}

extension Offer {
    /// What `proposal` makes of a hold; `nil` where its window would reach too far.
    fileprivate init?(_ proposal: CounterProposal, of request: HoldRequest, window: Window, at now: Instant) {
        self.init(kind: .fewer, count: request.count, window: window)
        switch proposal {
        case .withoutSpare:
            // A hold has none.
            return nil
        case .softer(let spread):
            kind = .softer
            self.spread = spread
        case .wider(let scope):
            kind = .wider
            self.scope = scope
        case .otherSpec(let unit, let count):
            kind = .otherSpec
            self.unit = unit
            self.count = count
        case .later(let start):
            kind = .later
            self.window = Window(start: start + request.lead, duration: window.duration)
            guard Offering.fault(of: self.window, at: now) == nil else { return nil }
        case .fewer(let count):
            self.count = count
        }
    }
}
