import CapacityModel
import CapacityStore
import Delivery
import Postgres
import TestSupport
import Testing

@Suite("Offers hold", .freshDatabase, .timeLimit(.minutes(5)))
struct OfferHoldTests {
    @Test("a competitor takes everything else in between, and the accepted offer still succeeds, at its price")
    func race() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 4)
        _ = try await shop.order(Shop.request(10))
        let offer = try await shop.offer(.fewer, for: Shop.request(8))
        #expect(offer.count == 6)
        #expect(offer.quote?.heldUntil == Shop.opening + .seconds(60))
        let rival = try await shop.customer("rival")
        let taken = try await shop.accepted(by: rival, Shop.request(1, fulfilment: Fulfilment(policy: .bestEffort)))
        #expect(taken == nil, "the last six cores are under offer")

        try await shop.clock(59)
        let order = try await shop.accept(offer)
        #expect(order?.counts.planned == 6)
        #expect(order?.window == offer.window)
        #expect(try await shop.openOffers() == 0)
        #expect(try await shop.breaches() == [])
    }

    @Test("while others fight for every free core, whoever accepts gets what was offered, and nothing is oversold")
    func storm() async throws {
        let shop = try await Shop.open(sites: 3, hosts: 4)
        _ = try await shop.order(Shop.request(40))
        let offer = try await shop.offer(.fewer, for: Shop.request(20))
        let rival = try await shop.customer("rival")
        let (accepted, taken) = try await withThrowingTaskGroup(of: (isOffer: Bool, isServed: Bool).self) { group in
            for index in 0..<16 {
                group.addTask { (false, try await shop.accepted(by: rival, Shop.request(1)) != nil) }
                if index == 8 { group.addTask { (true, try await shop.accept(offer)?.counts.planned == 8) } }
            }
            return try await group.reduce(into: (0, 0)) { sums, answer in
                guard answer.isServed else { return }
                if answer.isOffer { sums.0 += 1 } else { sums.1 += 1 }
            }
        }
        #expect(accepted == 1)
        #expect(taken == 0)
        #expect(try await shop.breaches() == [])
    }

    @Test("alternatives share what is held, no more than the hungriest needs, and accepting one frees the rest")
    func alternatives() async throws {
        let shop = try await Shop.open(sites: 4, hosts: 4)
        let site = try #require(await shop.store.sites(after: nil, limit: 1).first?.site)
        func there(_ count: Int) -> OrderRequest {
            var request = Shop.request(count)
            request.scope = Scope(include: [Scope.Selector(province: site.province)])
            return request
        }
        _ = try await shop.order(there(12))
        let offers = try await shop.refusal(of: there(8)).offers
        let wider = try #require(offers.first { $0.kind == .wider })
        let fewer = try #require(offers.first { $0.kind == .fewer })
        #expect(wider.quote?.heldUntil != nil && fewer.quote?.heldUntil != nil)
        #expect(fewer.count == 4)
        #expect(try await shop.offeredCores() == 8, "what wider needs; both by themselves would be twelve")
        #expect(try await shop.accept(wider)?.counts.planned == 8)
        #expect(try await shop.offeredCores() == 0)
        let rival = try await shop.customer("rival")
        #expect(try await shop.accepted(by: rival, Shop.request(44)) != nil, "all that is left is free")
        #expect(try await shop.breaches() == [])
    }

    @Test("what nobody accepts is free when its minute is over, and the quote is then worth what is there")
    func expiry() async throws {
        let shop = try await Shop.open(sites: 1)
        _ = try await shop.order(Shop.request(3))
        let offer = try await shop.offer(.fewer, for: Shop.request(4))
        let rival = try await shop.customer("rival")
        #expect(try await shop.accepted(by: rival, Shop.request(1)) == nil)
        try await shop.clock(60)
        #expect(try await shop.accepted(by: rival, Shop.request(1)) != nil, "a refusal ends what is overdue first")
        #expect(try await shop.accept(offer) == nil)
        #expect(try await shop.openOffers() == 1, "that was a refusal, with offers of its own")
        try await shop.clock(200)
        try await shop.sweep()
        #expect(try await shop.openOffers() == 0)
        #expect(try await shop.breaches() == [])
    }

    @Test("a tenant's own offers are never in its way: it may order what it was offered without naming the offer")
    func own() async throws {
        let shop = try await Shop.open(sites: 1)
        _ = try await shop.order(Shop.request(3))
        _ = try await shop.offer(.fewer, for: Shop.request(4))
        #expect(try await shop.order(Shop.request(1)).counts.planned == 1)
        #expect(try await shop.openOffers() == 0)
    }

    @Test("refusals do not add up: one set a tenant, half a site for all, and none for whoever never accepts")
    func bounds() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 10)
        let most = try await shop.offer(.fewer, for: Shop.request(100))
        #expect(most.count == 40)
        #expect(most.quote?.heldUntil == nil, "all of a site is more than half of it")
        _ = try await shop.order(Shop.request(25))
        for round in 1...4 {
            let offer = try await shop.offer(.fewer, for: Shop.request(100))
            #expect(offer.quote?.heldUntil != nil, "round \(round)")
            #expect(try await shop.openOffers() == 1)
            #expect(try await shop.offeredCores() == 15)
        }
        let fifth = try await shop.offer(.fewer, for: Shop.request(100))
        #expect(fifth.quote?.heldUntil == nil, "four in a row ran out")
        #expect(try await shop.offeredCores() == 0)
        try await shop.clock(601)
        #expect(try await shop.offer(.fewer, for: Shop.request(100)).quote?.heldUntil != nil)

        let rival = try await shop.customer("rival")
        let other = try await shop.refusal(of: Shop.request(100), tenant: rival).offers
        #expect(other.allSatisfy { $0.kind != .fewer }, "what one is offered is not there for another")
        #expect(try await shop.breaches() == [])
    }

    @Test("GPUs are held device by device, for all alternatives the hungriest one's, and nobody gets in between")
    func devices() async throws {
        let shop = try await Shop.withGPUs(4)
        func shares(_ count: Int, _ milli: Int64) -> OrderRequest {
            var request = Shop.request(count)
            request.spec.resources = Resources(
                vcpuMilli: 100, memoryMiB: 64, gpuModel: "G2", gpuShareMilli: milli)
            return request
        }
        let first = try await shop.order(shares(1, 600))
        let refusal = try await shop.refusal(of: shares(7, 500))
        let fewer = try #require(refusal.offers.first { $0.kind == .fewer })
        #expect(fewer.count == 6)
        let held = refusal.offers.filter { $0.quote?.heldUntil != nil }
        #expect(held.contains(fewer), "\(refusal.offers)")
        let rows = try await shop.pool.rows(
            """
            SELECT max(milli)::bigint AS most FROM (
                SELECT host_id, gpu_devices, sum(gpu_count * 1000 + gpu_share_milli) AS milli
                  FROM muster.reservation
                 WHERE offer_set_id IS NOT NULL AND gpu_devices IS NOT NULL AND held @> muster.now()
                 GROUP BY 1, 2) d
            """
        )
        #expect(try rows[0].decode("most", as: Int.self) <= 1_000)
        let rival = try await shop.customer("rival")
        #expect(try await shop.accepted(by: rival, shares(1, 500)) == nil)
        let order = try await shop.accept(fewer)
        #expect(order?.counts.planned == 6)
        #expect(first.counts.planned == 1)
        #expect(try await shop.breaches() == [])
    }

    @Test("an offer for later holds its own window, and leaves the time before it alone")
    func later() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 4)
        _ = try await shop.order(Shop.request(16, duration: 1_800))
        let offer = try await shop.offer(.later, for: Shop.request(8))
        #expect(offer.window.start == Shop.opening + .seconds(1_800))
        #expect(offer.quote?.heldUntil != nil)
        let rival = try await shop.customer("rival")
        #expect(try await shop.accepted(by: rival, Shop.request(9, start: 1_800)) == nil)
        #expect(try await shop.accepted(by: rival, Shop.request(8, start: 1_800)) != nil)
        #expect(try await shop.accept(offer)?.counts.planned == 8)
        #expect(try await shop.breaches() == [])
    }
}

extension Shop {
    /// Orders and expects to be refused.
    func refusal(of request: OrderRequest, tenant: TenantID? = nil) async throws -> Refusal {
        let outcome = try await desk.order(request, quoteID: nil, tenant: tenant ?? self.tenant, idempotency: nil)
        guard case .refused(let refusal) = outcome else { throw Unserved(outcome: outcome) }
        return refusal
    }

    fileprivate func offer(_ kind: Offer.Kind, for request: OrderRequest) async throws -> Offer {
        let refusal = try await refusal(of: request)
        guard let offer = refusal.offers.first(where: { $0.kind == kind }) else {
            throw Unserved(outcome: .refused(refusal))
        }
        return offer
    }

    func accept(_ offer: Offer) async throws -> OrderRecord? {
        let outcome = try await desk.order(quote: offer.quote?.id ?? "", name: nil, tenant: tenant, idempotency: nil)
        if case .accepted(let record, _) = outcome { return record } else { return nil }
    }

    func accepted(by tenant: TenantID, _ request: OrderRequest) async throws -> OrderRecord? {
        let outcome = try await desk.order(request, quoteID: nil, tenant: tenant, idempotency: nil)
        if case .accepted(let record, _) = outcome { return record } else { return nil }
    }

    /// How many sets of offers of the shop's tenant are open.
    fileprivate func openOffers() async throws -> Int {
        try await pool.rows(
            """
            SELECT count(*) AS n FROM muster.offer_set
             WHERE state = 'open' AND tenant_id = \(tenant.rawValue)
            """
        )[0].decode("n", as: Int.self)
    }

    /// The cores that are under offer.
    fileprivate func offeredCores() async throws -> Int {
        try await pool.rows(
            """
            SELECT coalesce(sum(live_count * vcpu_milli), 0)::bigint / 1000 AS n
              FROM muster.reservation WHERE offer_set_id IS NOT NULL
            """
        )[0].decode("n", as: Int.self)
    }
}
