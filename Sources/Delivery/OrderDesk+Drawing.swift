package import CapacityModel
package import CapacityStore
import Postgres

extension OrderDesk {
    /// Makes the order out of what its tenant holds, or says why not. What it takes leaves the hold for good, in the order's
    /// own transaction, so that nobody else can have it in between.
    ///
    /// The hold's row is locked while the order is planned, so no attempt meets another in the ledger: orders that draw on one hold
    /// come one after the other. Only where others took the last place in the waiting list it is planned again.
    package func order(
        _ request: OrderRequest, from hold: HoldID, tenant: TenantID, idempotency: Idempotency?
    ) async throws(StoreError) -> OrderOutcome {
        if let outcome = try await replay(idempotency, of: tenant) { return outcome }
        var attempt = 1
        while true {
            do {
                return try await attemptOrder(request, from: hold, tenant: tenant, idempotency: idempotency)
            } catch .waitingListFull where attempt < Self.planningAttempts {
                // Others took the last places in the list; whoever plans again sees them there, and says so.
                attempt += 1
            } catch  where error.isIdempotencyRace {
                guard let outcome = try await replay(idempotency, of: tenant) else { throw error }
                return outcome
            }
        }
    }

    private func attemptOrder(
        _ request: OrderRequest, from hold: HoldID, tenant: TenantID, idempotency: Idempotency?
    ) async throws(StoreError) -> OrderOutcome {
        let offering = Offering(picture: try await planner.current(), book: try await .current(in: store))
        let window = request.timing.window(at: offering.picture.now)
        if let fault = Offering.fault(of: window, at: offering.picture.now) { return .badTiming(fault) }
        let draft = NewOrder(
            tenant: tenant, request: request, window: window, plan: Plan(groups: []),
            rates: offering.rates(of: request), idempotency: idempotency, hold: hold
        )
        let step = try await store.transaction { session in
            try Self.draw(draft, from: hold, on: offering.picture, in: session)
        }
        switch step {
        case .ended(let outcome): return outcome
        case .made(let id): return .accepted(try await announce(id), replayed: false)
        }
    }

    private enum DrawStep {
        case made(OrderID)
        case ended(OrderOutcome)
    }

    private static func draw(
        _ draft: NewOrder, from id: HoldID, on picture: Planner.Picture, in session: isolated Session
    ) throws -> DrawStep {
        guard let hold = try Store.lockHold(id, in: session), hold.tenant == draft.tenant else {
            return .ended(
                .misfit(HoldMisfit(part: .reservation, detail: "there is no reservation '\(id.text)' among yours")))
        }
        let drawing = Drawing(hold: hold, held: try Store.held(by: id, in: session), picture: picture)
        switch drawing.answer(draft.request, window: draft.window) {
        case .misfit(let misfit):
            return .ended(.misfit(misfit))
        case .short(let shortage):
            let offers = drawing.offers(insteadOf: draft.request, window: draft.window)
            return .ended(.refused(Refusal(shortage: shortage, offers: offers)))
        case .placed(let plan):
            var new = draft
            new.plan = plan
            return .made(try OrderWriter.write([new], in: session)[0])
        }
    }
}
