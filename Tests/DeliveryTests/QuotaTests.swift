import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Postgres
import TestSupport
import Testing

@Suite("Quotas, as a customer meets them", .freshDatabase, .timeLimit(.minutes(5)))
struct QuotaTests {
    @Test("what an order draws from a hold is counted once, and may be drawn under a quota lowered since")
    func drawn() async throws {
        let shop = try await Shop.open(sites: 3)
        try await shop.allow([Quota.Limit(.instances, 6)])
        let hold = try await shop.hold(6)
        _ = try await shop.drawn(Shop.request(4), from: hold.id)
        #expect(try await shop.quotaUse() == 6)
        try await shop.allow([Quota.Limit(.instances, 1)])
        let last = try await shop.drawn(Shop.request(1, duration: 60), from: hold.id)
        #expect(try await shop.quotaUse() == 6)
        await #expect(throws: StoreError.self) {
            try await shop.store.transaction { session in
                try Store.ask(for: 1, of: last.id, in: session)
                try Store.reserve(
                    [Plan.Group(host: HostID(rawValue: 3), site: SiteID(rawValue: 3), count: 1)], for: last.id,
                    in: session)
            }
        }
        _ = try await shop.desk.release(hold.id, tenant: shop.tenant)
        #expect(try await shop.quotaUse() == 5)
        #expect(try await shop.breaches() == [])
    }

    @Test(
        "an order that needs more than its tenant may have is refused as that, as a quote of it is, and nothing is made"
    )
    func refused() async throws {
        let shop = try await Shop.open(sites: 2)
        try await shop.allow([Quota.Limit(.vcpu, 5_000)])
        _ = try await shop.order(Shop.request(3, start: 600))
        let excess = QuotaExcess(
            quota: "q", limit: Quota.Limit(.vcpu, 5_000), inUse: 3_000, asked: 3_000, at: Shop.opening + .seconds(600))
        #expect(try await shop.excess(Shop.request(3)) == excess)
        guard case .quotaExceeded(excess, _) = try await shop.desk.quote(Shop.request(3), tenant: shop.tenant) else {
            Issue.record("a quote promises nothing that an order would not get")
            return
        }
        #expect(try await shop.store.orders(tenant: shop.tenant, before: nil, limit: 9).count == 1)
        #expect(try await shop.excess(Shop.request(3, duration: 600)) == nil, "over before the other begins")
        let hold = HoldRequest(unit: Shop.unit, count: 3, start: Shop.opening + .seconds(600), grace: .zero)
        let outcome = try await shop.desk.hold(hold, tenant: shop.tenant, idempotency: nil)
        guard case .quotaExceeded(excess, let offers) = outcome else {
            Issue.record("a hold counts in quotas: \(outcome)")
            return
        }
        #expect(offers.map(\.count) == [2] && offers[0].kind == .fewer && offers[0].quote == nil)
        let stranger = try await shop.customer("stranger")
        let free = try await shop.desk.order(Shop.request(3), quoteID: nil, tenant: stranger, idempotency: nil)
        guard case .accepted = free else { throw Shop.Unserved(outcome: free) }
    }

    @Test("what is offered instead of a reservation is within the quotas, each for its own number and place")
    func holdOffers() async throws {
        let shop = try await Shop.open(sites: 2, hosts: 2)
        let rival = try await shop.customer("rival")
        func first(_ count: Int, _ unit: Resources = Shop.unit) -> HoldRequest {
            HoldRequest(
                unit: unit, count: count, scope: Scope(include: [Scope.Selector(site: "1101-telecom-1")]),
                duration: .seconds(3_600), grace: .zero)
        }
        for _ in 0..<2 { _ = try await shop.desk.hold(first(3), tenant: rival, idempotency: nil) }
        func kinds() async throws -> [Offer.Kind] {
            let outcome = try await shop.desk.hold(
                first(1, Shop.unit * 2), tenant: shop.tenant, idempotency: nil)
            guard case .refused(let refusal) = outcome else { throw Shop.NotHeld(outcome: outcome) }
            return refusal.offers.map(\.kind)
        }
        #expect(try await kinds() == [.wider, .otherSpec, .later], "two hosts have one core each")
        try await shop.allow([Quota.Limit(.instances, 1)])
        #expect(try await kinds() == [.wider, .later], "two halves are two instances")
        try await shop.allow([Quota.Limit(.vcpu, 1_000)], scope: Scope(include: [Scope.Selector(province: "12")]))
        #expect(try await kinds() == [.otherSpec, .later], "the wider scope is where it may have one core")
    }

    @Test(
        "policies that take less take what the quota leaves, wait for the rest where they top up, and no less than they say"
    )
    func policies() async throws {
        let shop = try await Shop.open(sites: 2)
        try await shop.allow([Quota.Limit(.instances, 5)])
        let some = try await shop.order(Shop.request(6, fulfilment: Fulfilment(policy: .atLeast, minCount: 3)))
        #expect(some.counts == OrderCounts(requested: 6, refused: 1, planned: 5))
        let least = Shop.request(6, fulfilment: Fulfilment(policy: .atLeast, minCount: 1))
        #expect(try await shop.excess(least)?.inUse == 5)
        #expect(try await shop.excess(Shop.request(1, fulfilment: Fulfilment(policy: .bestEffort)))?.asked == 1)

        let patient = Fulfilment(policy: .bestEffort, deadline: .seconds(3_600), topUp: true)
        let waiting = try await shop.order(Shop.request(3, fulfilment: patient))
        #expect(waiting.counts == OrderCounts(requested: 3, waiting: 3))
        _ = try await shop.reconciler.reconcile(waiting.id)
        #expect(try await shop.record(waiting.id).counts.waiting == 3)
        let stranger = try await shop.customer("stranger")
        let other = try await shop.desk.order(Shop.request(3), quoteID: nil, tenant: stranger, idempotency: nil)
        guard case .accepted = other else { throw Shop.Unserved(outcome: other) }
        _ = try await shop.desk.change(some.id, tenant: shop.tenant, .cancel, revision: nil)
        _ = try await shop.reconciler.reconcile(some.id)
        _ = try await shop.reconciler.reconcile(waiting.id)
        #expect(try await shop.record(waiting.id).counts.reserved == 3)
        #expect(try await shop.quotaUse() == 3)
        #expect(try await shop.breaches() == [])
    }

    @Test("what a quota leaves is offered, held, and granted; and more of an order up to what would be granted")
    func leftover() async throws {
        let shop = try await Shop.open(sites: 2, hosts: 4)
        try await shop.allow([Quota.Limit(.vcpu, 5_000)])
        let outcome = try await shop.desk.order(Shop.request(6), quoteID: nil, tenant: shop.tenant, idempotency: nil)
        guard case .quotaExceeded(_, let offers) = outcome, let offer = offers.first else {
            throw Shop.Unserved(outcome: outcome)
        }
        #expect(offers.count == 1 && offer.kind == .fewer && offer.count == 5)
        #expect(offer.quote?.heldUntil == Shop.opening + .seconds(60))
        let id = try #require(offer.quote?.id)
        let accepted = try await shop.desk.order(quote: id, name: nil, tenant: shop.tenant, idempotency: nil)
        guard case .accepted(let order, _) = accepted else { throw Shop.Unserved(outcome: accepted) }
        #expect(order.counts.planned == 5)

        func scale(_ count: Int) async throws -> ChangeOutcome {
            try await shop.desk.change(order.id, tenant: shop.tenant, .scale(to: count), revision: nil)
        }
        guard case .quotaExceeded(_, let none) = try await scale(6) else { throw StoreError.stale }
        #expect(none.isEmpty, "nothing is left of the quota")
        try await shop.allow([Quota.Limit(.vcpu, 7_000)])
        guard case .quotaExceeded(_, let some) = try await scale(9) else { throw StoreError.stale }
        #expect(some.map(\.count) == [7] && some[0].quote == nil)
        try await shop.allow([Quota.Limit(.vcpu, 99_000)])
        guard case .refused(let refusal) = try await scale(40) else { throw StoreError.stale }
        #expect(refusal.offers.map(\.count) == [32], "all cores there are")
        guard case .changed = try await scale(32) else { throw StoreError.stale }
        #expect(try await shop.breaches() == [])
    }

    @Test("each of ranked alternatives is capped by what it would take itself, not by what the first one would")
    func alternatives() async throws {
        let shop = try await Shop.open(sites: 2)
        try await shop.allow([Quota.Limit(.instances, 3)])
        var large = Shop.request(1)
        large.spec.resources.vcpuMilli = 5_000
        // No host has five cores, and the quota has room for the one that would have them.
        func order(_ alternative: OrderRequest) async throws -> OrderOutcome {
            try await shop.desk.order(
                large, else: [alternative], quoteID: nil, tenant: shop.tenant, idempotency: nil)
        }
        let some = try await order(Shop.request(5, fulfilment: Fulfilment(policy: .bestEffort)))
        guard case .accepted(let record, _) = some else { throw Shop.Unserved(outcome: some) }
        #expect(record.counts == OrderCounts(requested: 5, refused: 2, planned: 3))
        guard case .quotaExceeded = try await order(Shop.request(1)) else {
            Issue.record("nothing is left of the quota for either")
            return
        }
        #expect(try await shop.breaches() == [])
    }

    @Test("a quota of some of the sites keeps a plan off them, no further than it must")
    func somewhere() async throws {
        let shop = try await Shop.open(sites: 3)
        try await shop.allow([Quota.Limit(.instances, 2)], scope: Scope(include: [Scope.Selector(province: "11")]))
        try await shop.allow(
            [Quota.Limit(.vcpu, 3_000)], scope: Scope(include: [Scope.Selector(province: "12")]), name: "r")
        #expect(try await shop.excess(Shop.request(10)) != nil)
        let order = try await shop.order(Shop.request(9))
        let groups = try await shop.store.groups(of: [order.id])[order.id] ?? []
        #expect(groups.map { "\($0.province) \($0.count)" } == ["11 2", "12 3", "13 4"])
        #expect(try await shop.breaches() == [])
    }

    @Test("an order is neither lengthened nor enlarged beyond the quota")
    func changes() async throws {
        let shop = try await Shop.open(sites: 2)
        try await shop.allow([Quota.Limit(.vcpu, 4_000)])
        let first = try await shop.order(Shop.request(2, duration: 600))
        _ = try await shop.order(Shop.request(3, start: 600, duration: 600))
        func change(_ change: OrderChange) async throws -> QuotaExcess? {
            let outcome = try await shop.desk.change(first.id, tenant: shop.tenant, change, revision: nil)
            if case .quotaExceeded(let excess, _) = outcome { return excess } else { return nil }
        }
        let longer = try await change(.extend(to: Shop.opening + .seconds(601)))
        #expect((longer?.inUse, longer?.asked, longer?.at) == (3_000, 2_000, Shop.opening + .seconds(600)))
        #expect(try await change(.scale(to: 5))?.inUse == 2_000)
        #expect(try await change(.scale(to: 4)) == nil)
        #expect(try await shop.record(first.id).counts.planned == 4)
    }

    @Test("of orders that race for what is left of a quota, as many are made as it allows, the others refused as that")
    func race() async throws {
        let shop = try await Shop.open(sites: 4, hosts: 2)
        try await shop.allow([Quota.Limit(.instances, 7)])
        let outcomes = try await withThrowingTaskGroup(of: Bool?.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    switch try await shop.desk.order(
                        Shop.request(1), quoteID: nil, tenant: shop.tenant, idempotency: nil)
                    {
                    case .accepted: true
                    case .quotaExceeded: false
                    case .refused, .badTiming, .unknownOrder, .quoteStale, .misfit, .keyReused: nil
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == true }.count == 7)
        #expect(outcomes.filter { $0 == false }.count == 5)
        #expect(try await shop.quotaUse() == 7)
    }

    @Test("no later window is offered in which the quota would refuse the order")
    func offers() async throws {
        let shop = try await Shop.open(sites: 1)
        _ = try await shop.order(Shop.request(4))
        func offers() async throws -> [Offer.Kind] {
            let outcome = try await shop.desk.order(
                Shop.request(2), quoteID: nil, tenant: shop.tenant, idempotency: nil)
            guard case .refused(let refusal) = outcome else { throw Shop.Unserved(outcome: outcome) }
            return refusal.offers.map(\.kind)
        }
        #expect(try await offers() == [.later])
        let quota = Quota(
            name: "q", during: Quota.Stretch(from: Shop.opening + .seconds(3_600)), limits: [Quota.Limit(.vcpu, 1_000)])
        guard case .put = try await shop.store.put(quota, of: "probe", revision: nil) else { throw StoreError.stale }
        #expect(try await offers() == [])
    }
}

extension Shop {
    /// Gives the tenant a quota.
    func allow(_ limits: [Quota.Limit], scope: Scope = .nationwide, name: String = "q") async throws {
        let quota = Quota(name: name, scope: scope, limits: limits)
        guard case .put = try await store.put(quota, of: "probe", revision: nil) else { throw StoreError.stale }
    }

    /// What is in use now under the first limit of the first quota.
    func quotaUse() async throws -> Int64? {
        try await store.quotas(of: "probe").first?.uses.first?.first
    }

    /// What a quota says to an order, if that is why it is refused.
    func excess(_ request: OrderRequest) async throws -> QuotaExcess? {
        let outcome = try await desk.order(request, quoteID: nil, tenant: tenant, idempotency: nil)
        if case .quotaExceeded(let excess, _) = outcome { return excess } else { return nil }
    }
}
