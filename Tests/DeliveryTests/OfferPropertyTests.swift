import CapacityModel
import CapacityStore
import Delivery
import Placement
import Postgres
import TestSupport
import Testing

/// Random orders of every kind of rule, refused by a fleet that is nearly full: each offer of each refusal is taken up.
@Suite("Offers, taken up one by one", .freshDatabase, .timeLimit(.minutes(5)))
struct OfferPropertyTests {
    @Test("whatever a refusal offers is served when it is accepted, as it was offered, and at its price")
    func accepted() async throws {
        let shop = try await Shop.nearlyFull()
        let neighbour = try await shop.order(Shop.request(2, duration: 600))
        var kinds: [Offer.Kind: Int] = [:]
        for seed in UInt64(1)...80 {
            var random = SplitMix64(seed: seed)
            let request = OrderRequest(random: &random, near: neighbour.id)
            var index = 0
            while true {
                try await shop.forgetOffers()
                let outcome = try await shop.desk.order(request, quoteID: nil, tenant: shop.tenant, idempotency: nil)
                let offers: [Offer]
                switch outcome {
                case .refused(let refusal): offers = refusal.offers
                case .quotaExceeded(_, let within): offers = within
                case .accepted(let record, _):
                    try await shop.cancel(record.id)
                    offers = []
                default:
                    Issue.record("seed \(seed): \(outcome)")
                    return
                }
                guard index < offers.count else { break }
                let offer = offers[index]
                index += 1
                kinds[offer.kind, default: 0] += 1
                guard let order = try await shop.accept(offer) else {
                    Issue.record("seed \(seed): \(offer) is not to be had; asked was \(request)")
                    continue
                }
                #expect(order.counts.planned == offer.count, "seed \(seed): \(offer.kind)")
                #expect(order.window == offer.window, "seed \(seed): \(offer.kind)")
                #expect(try await shop.breaches() == [], "seed \(seed): \(offer.kind)")
                try await shop.cancel(order.id)
            }
        }
        #expect(kinds.count == 6, "\(kinds)")

    }
}

extension Shop {
    /// Four sites of two hosts with a GPU each, half taken, with a quota on the second and one on all.
    fileprivate static func nearlyFull() async throws -> Shop {
        let shop = try await Shop.open(sites: 4, hosts: 2)
        let sites = try await shop.store.sites(after: nil, limit: 10).map(\.site)
        for site in sites {
            let has = Resources(vcpuMilli: 2_000, memoryMiB: 4_096, diskGiB: 40, gpuModel: "G2", gpuCount: 2)
            _ = try await shop.store.importFleet(
                sites: [], hosts: [NewHost(site: site.name, name: "\(site.name)-g", allocatable: has)])
        }
        let rival = try await shop.customer("rival")
        for (count, start, duration) in [(16, 0, 1_200), (8, 600, 1_800), (9, 3_000, 600)] {
            let request = Shop.request(count, start: Int64(start), duration: Int64(duration))
            _ = try await shop.accepted(by: rival, request)
        }
        try await shop.allow(
            [Quota.Limit(.instances, 6)], scope: Scope(include: [Scope.Selector(province: "12")]), name: "second")
        try await shop.allow([Quota.Limit(.vcpu, 22_000), Quota.Limit(.gpu(model: nil), 5_000)], name: "all")
        return shop
    }

    fileprivate func cancel(_ id: OrderID) async throws {
        _ = try await desk.change(id, tenant: tenant, .cancel, revision: nil)
    }

    /// As if none had been made of late, so that those of the next refusal are held.
    fileprivate func forgetOffers() async throws {
        try await pool.withSession { session in
            try await session.script(
                unchecked: """
                    UPDATE muster.offer_set SET created_at = created_at - interval '1 day' WHERE state <> 'open'
                    """)
        }
    }
}

extension OrderRequest {
    fileprivate init(random: inout SplitMix64, near neighbour: OrderID) {
        self = Shop.request(
            4 + random.below(20), start: random.below(2) == 0 ? nil : Int64(random.below(4) * 600),
            duration: Int64(300 * (1 + random.below(6))), grace: random.below(2) == 0 ? 0 : 30)
        switch random.below(5) {
        case 0: spec.resources = Resources(vcpuMilli: 400, memoryMiB: 512, gpuModel: "G2", gpuShareMilli: 400)
        case 1: spec.resources = Resources(vcpuMilli: 500, memoryMiB: 512, gpuModel: "G2", gpuCount: 2)
        case 2: spec.resources = Resources(vcpuMilli: 2_000, memoryMiB: 3_072, diskGiB: 15, bandwidthMbps: 300)
        default: break
        }
        let levels: [SpreadRule.Level] = [.site, .host, .province, .carrier]
        for _ in 0..<max(0, random.below(4) - 1) {
            spread.append(
                SpreadRule(
                    level: levels[random.below(4)], maxPerGroup: random.below(2) == 0 ? 1 + random.below(3) : nil,
                    maxShare: random.below(3) == 0 ? 0.34 : nil,
                    minGroups: random.below(2) == 0 ? 1 + random.below(2) : nil,
                    maxSkew: random.below(3) == 0 ? 1 : nil, whenUnsatisfiable: random.below(4) == 0 ? .relax : .reject)
            )
        }
        if random.below(2) == 0 {
            scope.include = [Scope.Selector(province: ["11", "12", "13", "14"][random.below(4)])]
        }
        if random.below(6) == 0 {
            affinities = [
                OrderAffinity(
                    random.below(2) == 0 ? .together : .apart, order: neighbour,
                    level: random.below(2) == 0 ? .site : .host,
                    whenUnsatisfiable: random.below(3) == 0 ? .relax : .reject)
            ]
        }
        if random.below(4) == 0 { prefer = Preference(latency: 0.5, spread: 0.5, nearProvince: "13") }
        switch random.below(5) {
        case 0: survive = Survival()
        case 1: fulfilment = Fulfilment(policy: .atLeast, minCount: 1 + count / 2)
        default: break
        }
    }
}
