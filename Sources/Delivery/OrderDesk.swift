package import CapacityModel
package import CapacityStore
package import JobQueue
package import Logging
import Metering
import Metrics
import Placement
import Postgres

/// Where customers' questions are answered: quotes, orders, and changes of orders.
package final class OrderDesk: Sendable {
    /// How often an order is planned again when others took its hosts first.
    static let planningAttempts = 8

    let store: Store
    let planner: Planner
    let bell: Bell
    let logger: Logger
    private let writing: GroupCommit<OrderDraft, OrderRecord?>

    package init(store: Store, planner: Planner, bell: Bell, logger: Logger) {
        self.store = store
        self.planner = planner
        self.bell = bell
        self.logger = logger
        let writer = OrderWriter(store: store, planner: planner, bell: bell, logger: logger)
        writing = GroupCommit(limit: OrderWriter.groupLimit, bound: OrderWriter.waitingLimit) { await writer.make($0) }
    }

    /// How many orders wait to be written together with others, at most `OrderWriter.waitingLimit`.
    package var toWriteCount: Int { writing.waitingCount }

    /// Answers with a plan and a price that can be taken up for five minutes, or with what would work instead.
    ///
    /// - Parameter alternatives: What would do where `request` cannot be had, by rank. The quote is of the one it is for.
    package func quote(
        _ request: OrderRequest, else alternatives: [OrderRequest] = [], tenant: TenantID, isExplained: Bool = false
    ) async throws(StoreError) -> QuoteOutcome {
        var attempt = 1
        while true {
            guard let offering = try await self.offering(for: request, else: alternatives, tenant: tenant) else {
                return .unknownOrder
            }
            let (request, answer) = try offering.answer(request, else: alternatives)
            switch answer {
            case .badTiming(let fault):
                return .badTiming(fault)
            case .short(let shortage):
                let isLast = attempt == Self.planningAttempts
                if let refusal = try await refuse(request, shortage, offering, tenant: tenant, isLast: isLast) {
                    return .refused(refusal)
                }
                attempt += 1
            case .exceeded(let excess):
                let isLast = attempt == Self.planningAttempts
                if let offers = try await offersWithinQuota(to: request, offering, tenant: tenant, isLast: isLast) {
                    return .quotaExceeded(excess, offers: offers)
                }
                attempt += 1
            case .placed(let placed):
                var quote = try await keep(placed, of: request, offering, tenant: tenant)
                if isExplained { quote.explanation = offering.explanation(of: placed, for: request) }
                return .quoted(quote)
            }
        }
    }

    /// Makes the order and holds its capacity, or says why not. Nothing is half done: order, reservations, idempotency key
    /// and the job that delivers it commit together.
    ///
    /// - Parameter alternatives: What would do where `request` cannot be had, by rank: the order is the first that can, whole,
    ///   or the one that the quote is for.
    package func order(
        _ request: OrderRequest, else alternatives: [OrderRequest] = [], quoteID: String?, tenant: TenantID,
        idempotency: Idempotency?
    ) async throws(StoreError) -> OrderOutcome {
        if quoteID == nil {
            let draft = OrderDraft(
                request: request, alternatives: alternatives, tenant: tenant, idempotency: idempotency)
            if draft.isPlain, case .some(let record?) = await writing.submit(draft) {
                return .accepted(record, replayed: false)
            }
        }
        if let outcome = try await replay(idempotency, of: tenant) { return outcome }
        let (request, alternatives) = try await quoted(quoteID, among: request, alternatives, tenant: tenant)
        if let quoteID,
            let outcome = try await accept(quoteID, for: request, tenant: tenant, idempotency: idempotency)
        {
            return outcome
        }
        var attempt = 1
        while true {
            guard let offering = try await self.offering(for: request, else: alternatives, tenant: tenant) else {
                return .unknownOrder
            }
            do {
                let isLast = attempt == Self.planningAttempts
                if let outcome = try await attemptOrder(
                    request, else: alternatives, quoteID: quoteID, tenant: tenant, idempotency: idempotency,
                    on: offering, isLast: isLast)
                {
                    return outcome
                }
                attempt += 1
            } catch .oversold(let detail) where attempt < Self.planningAttempts {
                logger.debug(
                    "Others were faster; planning again", metadata: ["attempt": "\(attempt)", "why": "\(detail)"])
                attempt += 1
            } catch .waitingListFull where attempt < Self.planningAttempts {
                // Others took the last places in the list; whoever plans again sees them there, and says so.
                attempt += 1
            } catch .quotaExceeded(let excess) {
                // Somebody else used it up; another plan may keep off it, and if none does the planner says so itself.
                guard attempt < Self.planningAttempts else { return .quotaExceeded(excess) }
                attempt += 1
            } catch  where error.isIdempotencyRace {
                guard let outcome = try await replay(idempotency, of: tenant) else { throw error }
                return outcome
            }
        }
    }

    /// What is known now, the other orders that `request` names included; `nil` where one of them is none of the tenant's.
    func offering(
        for request: OrderRequest, else alternatives: [OrderRequest] = [], tenant: TenantID
    ) async throws(StoreError) -> Offering? {
        let affinities = request.affinities ?? []
        let neighbours = try await store.neighbours(affinities, of: tenant)
        guard neighbours.count == affinities.count else { return nil }
        let picture = try await planner.current(for: tenant, in: store)
        var offering = Offering(picture: picture, book: try await .current(in: store))
        offering.neighbours = neighbours
        offering.allowance = try await .current(
            of: tenant, for: request, else: alternatives, at: offering.picture.now, in: store)
        return offering
    }

    /// `nil` where there is reason to plan again.
    private func attemptOrder(
        _ request: OrderRequest, else alternatives: [OrderRequest], quoteID: String?, tenant: TenantID,
        idempotency: Idempotency?, on offering: Offering, isLast: Bool
    ) async throws(StoreError) -> OrderOutcome? {
        let (request, answer) = try offering.answer(request, else: alternatives)
        switch answer {
        case .badTiming(let fault):
            return .badTiming(fault)
        case .short(let shortage):
            guard let refusal = try await refuse(request, shortage, offering, tenant: tenant, isLast: isLast) else {
                return nil
            }
            Counter(label: "muster_orders_refused_total").increment()
            return .refused(refusal)
        case .exceeded(let excess):
            guard let offers = try await offersWithinQuota(to: request, offering, tenant: tenant, isLast: isLast) else {
                return nil
            }
            Counter(label: "muster_orders_refused_total").increment()
            return .quotaExceeded(excess, offers: offers)
        case .placed(let placed):
            if let quoteID, let why = try await staleness(of: quoteID, for: request, placed, offering, tenant: tenant) {
                return .quoteStale(why)
            }
            let new = NewOrder(
                tenant: tenant, request: request, window: placed.window, plan: placed.plan,
                rates: offering.rates(of: request), idempotency: idempotency
            )
            return .accepted(try await make(new), replayed: false)
        }
    }

    private func make(_ new: NewOrder) async throws(StoreError) -> OrderRecord {
        try await announce(try await store.transaction { session in try OrderWriter.write([new], in: session)[0] })
    }

    /// Wakes whoever delivers an order that was just made, and reads it.
    func announce(_ id: OrderID) async throws(StoreError) -> OrderRecord {
        bell.ring(ReconcileOrder.queue)
        Counter(label: "muster_orders_accepted_total").increment()
        guard let record = try await store.order(id, tenant: nil) else { throw .stale }
        return record
    }

    func replay(_ idempotency: Idempotency?, of tenant: TenantID) async throws(StoreError) -> OrderOutcome? {
        guard let idempotency, let earlier = try await store.earlier(idempotency, of: tenant) else { return nil }
        switch earlier {
        case .otherBody:
            return .keyReused
        case .sameBody(let id):
            guard let record = try await store.order(id, tenant: tenant) else { throw .stale }
            return .accepted(record, replayed: true)
        }
    }
}
