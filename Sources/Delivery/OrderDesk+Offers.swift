import CapacityModel
import CapacityStore
import JobQueue
import Logging
import Placement
import Postgres

/// Refusals with offers that are held, and the orders that accept them.
extension OrderDesk {
    /// The refusal of `request` with its offers, those that may be held among them; `nil` where there is reason to plan
    /// again: offers of this tenant or overdue ones were in the way, or somebody took what would have been offered.
    ///
    /// - Parameter isLast: Whether this was the last attempt; then it is answered, with offers that hold nothing if need be.
    func refuse(
        _ request: OrderRequest, _ shortage: Shortage, _ offering: Offering, tenant: TenantID, isLast: Bool
    ) async throws(StoreError) -> Refusal? {
        if !isLast, try await endOffers(of: tenant) { return nil }
        let next = offering.next(request)
        var alternatives: [Offering.Alternative] = []
        for var alternative in try offering.alternatives(to: request, next: next) {
            guard let placed = try await allowed(alternative, offering, tenant: tenant) else { continue }
            alternative.placed = placed
            alternatives.append(alternative)
        }
        guard let offers = try await offer(alternatives, on: offering, tenant: tenant, isLast: isLast) else {
            return nil
        }
        return Refusal(
            shortage: shortage, offers: offers, explanation: offering.explanation(of: request, next: next))
    }

    /// The offers of these alternatives, held where they may be; `nil` where others took what would have been offered, and
    /// this is not the last attempt.
    func offer(
        _ alternatives: [Offering.Alternative], on offering: Offering, tenant: TenantID, isLast: Bool
    ) async throws(StoreError) -> [Offer]? {
        let held: HeldOffers?
        do {
            held = try await hold(alternatives, on: offering, tenant: tenant)
        } catch .oversold(let detail) {
            logger.debug("Others took what was to be offered", metadata: ["why": "\(detail)"])
            guard isLast else { return nil }
            held = nil
        }
        return try await keep(alternatives, held, on: offering, tenant: tenant)
    }

    /// Makes the order that an offer is held for, whoever came in between; `nil` where nothing is held for it, or any more.
    ///
    /// The rows of the offers are given back and the order's are taken in one transaction, and the guard keeps the hosts
    /// locked in between.
    func accept(
        _ quoteID: String, for request: OrderRequest, tenant: TenantID, idempotency: Idempotency?
    ) async throws(StoreError) -> OrderOutcome? {
        guard let quote = try await store.quote(quoteID, of: tenant), let backing = quote.backing,
            quote.covers(request)
        else { return nil }
        let new = NewOrder(
            tenant: tenant, request: request, window: quote.window, plan: backing.plan, rates: backing.rates,
            idempotency: idempotency
        )
        do {
            let id = try await store.transaction { session -> OrderID? in
                guard try Store.lockOpenOffers(backing.offerSet, in: session) else { return nil }
                let id = try OrderWriter.write([new], in: session) { session in
                    try Store.end([backing.offerSet], on: .accept, in: session)
                }[0]
                try ReconcileOrder.nudgeWaiting(in: session)
                return id
            }
            guard let id else { return nil }
            return .accepted(try await announce(id), replayed: false)
        } catch .oversold(let detail) {
            // Only what is not a reservation can do this: a host that an operator made smaller.
            logger.debug("An offer does not hold any more", metadata: ["quote": "\(quoteID)", "why": "\(detail)"])
            return nil
        } catch .waitingListFull {
            return nil
        } catch  where error.isIdempotencyRace {
            guard let outcome = try await replay(idempotency, of: tenant) else { throw error }
            return outcome
        }
    }

    /// Ends the tenant's own open offers, which yield to whatever it asks next, and some whose time is over; whether there
    /// were any.
    func endOffers(of tenant: TenantID) async throws(StoreError) -> Bool {
        let ended = try await store.transaction { session in
            let own = try Store.lockOpenOffers(of: tenant, in: session)
            if !own.isEmpty { try Store.end(own, on: .replace, in: session) }
            let overdue = try Store.lockOverdueOffers(limit: HoldSweep.batch, in: session)
            if !overdue.isEmpty { try Store.end(overdue, on: .expire, in: session) }
            guard !own.isEmpty || !overdue.isEmpty else { return false }
            try ReconcileOrder.nudgeWaiting(in: session)
            return true
        }
        if ended { bell.ring(ReconcileOrder.queue) }
        return ended
    }

    private struct HeldOffers: Sendable {
        var id: OfferSetID
        var expiresAt: CapacityModel.Instant
        var isHeld: [Bool]
    }

    /// Takes the capacity of those alternatives that may be held; `nil` where none may.
    private func hold(
        _ alternatives: [Offering.Alternative], on offering: Offering, tenant: TenantID
    ) async throws(StoreError) -> HeldOffers? {
        guard !alternatives.isEmpty else { return nil }
        let sites = OfferBacking.sites(of: alternatives)
        do {
            return try await store.transaction { session in
                let history = try Store.lockOfferHistory(of: tenant, within: OfferBacking.period, in: session)
                guard !history.hasOpen, history.unaccepted < OfferBacking.unacceptedLimit else { return nil }
                let offered = try Store.lockOffered(at: sites, in: session)
                let backing = OfferBacking(alternatives, on: offering.picture.inventory, offered: offered)
                guard !backing.rows.isEmpty else { return nil }
                let made = try Store.insertOffers(
                    backing.rows, of: tenant, life: OfferBacking.life, in: session)
                return HeldOffers(id: made.id, expiresAt: made.expiresAt, isHeld: backing.isHeld)
            }
        } catch .retryable(let cause) {
            // A refusal is an answer all the same; its offers then hold nothing.
            logger.debug("Offers could not be held", metadata: ["why": "\(cause)"])
            return nil
        }
    }

    private func keep(
        _ alternatives: [Offering.Alternative], _ held: HeldOffers?, on offering: Offering, tenant: TenantID
    ) async throws(StoreError) -> [Offer] {
        var quotes: [StoredQuote] = []
        var offers: [Offer] = []
        for (index, alternative) in alternatives.enumerated() {
            let placed = alternative.placed
            var stored = storedQuote(for: alternative.request, placed, at: offering.picture.now)
            let isHeld = held?.isHeld[index] ?? false
            if let held, isHeld {
                stored.backing = QuoteBacking(
                    offerSet: held.id, plan: placed.plan, rates: offering.rates(of: alternative.request))
            }
            quotes.append(stored)
            offers.append(
                Offer(
                    kind: alternative.kind, count: placed.plan.count, window: placed.window,
                    scope: alternative.kind == .wider ? alternative.request.scope : nil,
                    spread: alternative.kind == .softer ? alternative.request.spread : nil,
                    unit: alternative.kind == .otherSpec ? alternative.request.spec.resources : nil,
                    quote: Offer.Quoted(
                        id: stored.id, request: alternative.request, price: placed.price,
                        expiresAt: stored.expiresAt, heldUntil: isHeld ? held?.expiresAt : nil)
                )
            )
        }
        try await store.keep(quotes, for: tenant)
        return offers
    }
}
