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

    /// Keeps what was placed as a quote that holds nothing.
    func keep(
        _ placed: Offering.Placed, of request: OrderRequest, _ offering: Offering, tenant: TenantID
    ) async throws(StoreError) -> Quote {
        let stored = storedQuote(for: request, placed, at: offering.picture.now)
        try await store.keep([stored], for: tenant)
        return Quote(
            id: stored.id, expiresAt: stored.expiresAt, spec: request.spec, window: placed.window,
            count: placed.plan.count, missing: placed.missing, groups: offering.named(placed.plan.groups),
            survive: request.survive, spare: offering.named(placed.plan.spare), relaxed: placed.plan.relaxed,
            unkept: placed.plan.unkept, price: placed.price
        )
    }

    /// The alternative as the quotas of its own time and scope allow it; `nil` where they do not.
    func allowed(
        _ alternative: Offering.Alternative, _ offering: Offering, tenant: TenantID
    ) async throws(StoreError) -> Offering.Placed? {
        switch alternative.kind {
        case .withoutSpare, .softer, .fewer, .shorter: return alternative.placed
        case .otherSpec, .wider, .later: break
        }
        // Other quotas may hold then or there, other things be in use under them, or another number of instances.
        var other = offering
        other.allowance = try await .current(
            of: tenant, for: alternative.request, at: offering.picture.now, in: store)
        guard case .placed(let placed) = try other.answer(alternative.request),
            placed.missing <= alternative.placed.missing
        else { return nil }
        return placed
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
