package import CapacityModel
package import CapacityStore
import Metering

extension OrderDesk {
    /// Takes up a quote as it was given, with the start that was quoted; `name` in place of the quoted order's, if any.
    package func order(
        quote id: String, name: String?, tenant: TenantID, idempotency: Idempotency?
    ) async throws(StoreError) -> OrderOutcome {
        if let outcome = try await replay(idempotency, of: tenant) { return outcome }
        guard let quote = try await store.quote(id, of: tenant) else {
            return .quoteStale("there is no quote '\(id)'")
        }
        var request = quote.request
        request.timing.start = quote.window.start
        if let name { request.name = name }
        return try await order(request, quoteID: id, tenant: tenant, idempotency: idempotency)
    }

    /// The refusal of `request`, its offers kept as quotes.
    func refuse(
        _ request: OrderRequest, _ shortage: Shortage, _ offering: Offering, tenant: TenantID
    ) async throws(StoreError) -> Refusal {
        var quotes: [StoredQuote] = []
        var offers: [Offer] = []
        for alternative in try offering.alternatives(to: request) {
            guard let placed = try await allowed(alternative, offering, tenant: tenant) else { continue }
            let stored = storedQuote(for: alternative.request, placed, at: offering.picture.now)
            quotes.append(stored)
            offers.append(
                Offer(
                    kind: alternative.kind, request: alternative.request, count: placed.plan.count,
                    window: placed.window, price: placed.price, quoteID: stored.id, expiresAt: stored.expiresAt
                )
            )
        }
        try await store.keep(quotes, for: tenant)
        return Refusal(shortage: shortage, offers: offers)
    }

    /// The alternative as the quotas of its own time and scope allow it; `nil` where they do not.
    func allowed(
        _ alternative: Offering.Alternative, _ offering: Offering, tenant: TenantID
    ) async throws(StoreError) -> Offering.Placed? {
        switch alternative.kind {
        case .softer, .otherSpec, .fewer: return alternative.placed
        case .wider, .later: break
        }
        // Other quotas may hold then or there, and other things be in use under them.
        var other = offering
        other.allowance = try await allowance(of: tenant, for: alternative.request, at: offering.picture.now)
        guard case .placed(let placed) = try other.answer(alternative.request),
            placed.missing <= alternative.placed.missing
        else { return nil }
        return placed
    }

    /// What the tenant's quotas leave in the window that `request` has when it is answered at `now`.
    func allowance(
        of tenant: TenantID, for request: OrderRequest, at now: Instant
    ) async throws(StoreError) -> Allowance {
        let demand = Demand(request, window: request.timing.window(at: now))
        return Allowance(quotas: try await store.quotaRooms(of: tenant, for: demand))
    }

    /// The one of the ranked orders that the quote is for, by itself; all of them where it is for none, or there is none.
    func quoted(
        _ id: String?, among request: OrderRequest, _ alternatives: [OrderRequest], tenant: TenantID
    ) async throws(StoreError) -> (OrderRequest, [OrderRequest]) {
        guard let id, !alternatives.isEmpty, let quote = try await store.quote(id, of: tenant),
            let taken = ([request] + alternatives).first(where: quote.covers)
        else { return (request, alternatives) }
        return (taken, [])
    }

    func storedQuote(for request: OrderRequest, _ placed: Offering.Placed, at now: Instant) -> StoredQuote {
        var random = SystemRandomNumberGenerator()
        let digits = String(UInt64.random(in: .min ... .max, using: &random), radix: 36)
        return StoredQuote(
            id: "q-\(digits)", request: request, window: placed.window, currency: placed.price.currency,
            amountMicro: placed.price.amountMicro, expiresAt: now + Offering.quoteLife
        )
    }

    /// Why the quote does not hold for `request` as it is placed now, or `nil` where it does.
    func staleness(
        of id: String, for request: OrderRequest, _ placed: Offering.Placed, _ offering: Offering, tenant: TenantID
    ) async throws(StoreError) -> String? {
        guard let quote = try await store.quote(id, of: tenant) else { return "there is no quote '\(id)'" }
        guard offering.picture.now < quote.expiresAt else { return "quote '\(id)' expired at \(quote.expiresAt)" }
        guard quote.covers(request) else { return "quote '\(id)' was given for another order; ask for a new one" }
        guard quote.currency == placed.price.currency, quote.amountMicro == placed.price.amountMicro else {
            return "the quoted price of \(quote.amountMicro) is \(placed.price.amountMicro) now; ask for a new quote"
        }
        return nil
    }
}

extension StoredQuote {
    /// Whether `order` asks for what was quoted. Its name may differ, and a quote for "now" may be taken up with the
    /// start it was quoted for.
    func covers(_ order: OrderRequest) -> Bool {
        guard order.timing.start == request.timing.start || order.timing.start == window.start else { return false }
        var plain = order
        plain.name = request.name
        plain.timing.start = request.timing.start
        return plain == request
    }
}
