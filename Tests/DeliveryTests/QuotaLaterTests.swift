import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@testable import Delivery

@Suite("What a used-up quota offers later", .freshDatabase, .timeLimit(.minutes(5)))
struct QuotaLaterTests {
    @Test(
        "the first instant at which the quota has room for all is offered, and granted though others take what they can"
    )
    func later() async throws {
        let shop = try await Shop.open(sites: 2, hosts: 4)
        try await shop.allow([Quota.Limit(.vcpu, 5_000)])
        _ = try await shop.order(Shop.request(2, duration: 600))
        _ = try await shop.order(Shop.request(3, duration: 1_800))
        _ = try await shop.order(Shop.request(4, start: 6_000))
        // At 600 there is room for two, at 1800 for five, as long as it is over by 6000.
        let offers = try await shop.quotaOffers(Shop.request(5))
        #expect(offers.map(\.kind) == [.later], "nothing is left now: nothing less is offered")
        #expect(offers[0].window.start == Shop.opening + .seconds(1_800))
        #expect(offers[0].count == 5)
        let two = try await shop.quotaOffers(Shop.request(2))
        #expect(two.map(\.window.start) == [Shop.opening + .seconds(600)])
        let long = try await shop.quotaOffers(Shop.request(5, duration: 4_201))
        #expect(long.map(\.window.start) == [Shop.opening + .seconds(9_600)], "the window would meet what begins")

        let again = try await shop.quotaOffers(Shop.request(5))
        #expect(again[0].quote?.heldUntil == Shop.opening + .seconds(60))
        let rival = try await shop.customer("rival")
        while try await shop.accepted(by: rival, Shop.request(1, start: 1_800)) != nil {}
        let accepted = try #require(try await shop.accept(again[0]))
        #expect(accepted.window.start == Shop.opening + .seconds(1_800) && accepted.counts.planned == 5)
        #expect(try await shop.breaches() == [])
    }

    @Test("later and fewer stand in the order of what they give up, lead and grace counted in")
    func order() async throws {
        let shop = try await Shop.open(sites: 2, hosts: 2)
        try await shop.allow([Quota.Limit(.instances, 6)])
        var first = Shop.request(2, duration: 600, grace: 60)
        _ = try await shop.order(first)
        first = Shop.request(6, duration: 36_000)
        first.timing.lead = .seconds(30)
        let soon = try await shop.quotaOffers(first)
        #expect(soon.map(\.kind) == [.later, .fewer])
        #expect(soon[0].window.start == Shop.opening + .seconds(690), "its lead begins when the other's grace is over")
        #expect(soon[1].count == 4)
        let short = try await shop.quotaOffers(Shop.request(6, duration: 60))
        #expect(short.map(\.kind) == [.fewer, .later])
    }

    @Test("where quota and hosts have room at different times, the offer is when both have")
    func both() async throws {
        let shop = try await Shop.open(sites: 1)
        try await shop.allow([Quota.Limit(.vcpu, 3_000)])
        _ = try await shop.order(Shop.request(3, duration: 600))
        let rival = try await shop.customer("rival")
        #expect(try await shop.accepted(by: rival, Shop.request(3, start: 600, duration: 600)) != nil)
        let offers = try await shop.quotaOffers(Shop.request(2))
        #expect(offers.map(\.window.start) == [Shop.opening + .seconds(1_200)])
    }

    @Test("an order with a spare is offered the start at which the quota has room for that too")
    func spare() async throws {
        let shop = try await Shop.open(sites: 5)
        try await shop.allow([Quota.Limit(.vcpu, 5_000)])
        _ = try await shop.order(Shop.request(2, duration: 600))
        _ = try await shop.order(Shop.request(1, duration: 1_200))
        let offers = try await shop.quotaOffers(Shop.surviving(4))
        #expect(offers.map(\.kind) == [.later, .fewer] && offers[1].count == 1)
        #expect(offers[0].window.start == Shop.opening + .seconds(1_200), "at 600 there is room for four, not for five")
        #expect(try await shop.accept(offers[0])?.spare == 1)
        #expect(try await shop.breaches() == [])
    }

    @Test("a quota of a part of the scope, one that ends, and one that no time changes")
    func kinds() async throws {
        let shop = try await Shop.open(sites: 2)
        let here = Scope(include: [Scope.Selector(province: "11")])
        try await shop.allow([Quota.Limit(.instances, 2)], scope: here)
        _ = try await shop.order(Shop.request(2, duration: 600).within(here))
        // Six need two at the quota's site.
        let some = try await shop.quotaOffers(Shop.request(6))
        #expect(some.map(\.kind) == [.later, .fewer])
        #expect(some.map(\.window.start) == [Shop.opening + .seconds(600), Shop.opening])
        try await shop.allow([Quota.Limit(.instances, 1)], scope: here)
        #expect(try await shop.quotaOffers(Shop.request(6)).map(\.kind) == [.fewer], "never more than five")

        let ending = Quota(
            name: "q", during: Quota.Stretch(until: Shop.opening + .seconds(900)), limits: [Quota.Limit(.vcpu, 1_000)])
        guard case .put = try await shop.store.put(ending, of: "probe", revision: nil) else { throw StoreError.stale }
        let after = try await shop.quotaOffers(Shop.request(6)).first { $0.kind == .later }
        #expect(after?.window.start == Shop.opening + .seconds(900))
    }

    @Test(
        "a reservation is offered the first instant at which quota and hosts have room for all of it, and granted it then"
    )
    func reservation() async throws {
        let shop = try await Shop.open(sites: 2)
        try await shop.allow([Quota.Limit(.vcpu, 5_000)])
        _ = try await shop.order(Shop.request(2, duration: 600))
        _ = try await shop.order(Shop.request(2, duration: 1_800))
        func offers(_ count: Int, start: Int64? = nil) async throws -> [Offer] {
            let request = HoldRequest(
                unit: Shop.unit, count: count, start: start.map { Shop.opening + .seconds($0) },
                duration: .seconds(600),
                grace: .zero)
            let outcome = try await shop.desk.hold(request, tenant: shop.tenant, idempotency: nil)
            if case .held = outcome { return [] }
            guard case .quotaExceeded(_, let offers) = outcome else { throw Shop.NotHeld(outcome: outcome) }
            return offers
        }
        #expect(
            try await offers(4).map(\.kind) == [.later, .fewer],
            "three quarters given up, or three quarters of the time")
        #expect(try await offers(2).map(\.window.start) == [Shop.opening + .seconds(600), Shop.opening])
        let later = try await offers(4)[0]
        #expect(later.window.start == Shop.opening + .seconds(1_800) && later.count == 4)
        let rival = try await shop.customer("rival")
        #expect(try await shop.accepted(by: rival, Shop.request(5, start: 1_800, duration: 300)) != nil)
        let last = try await offers(4).last
        #expect(last?.window.start == Shop.opening + .seconds(2_100), "the hosts are taken until then")
        #expect(try await offers(4, start: 2_100).isEmpty, "what was offered is held")
        #expect(try await shop.breaches() == [])
    }

    @Test("an extension is offered up to where quota and hosts leave it, and granted to there and no further")
    func longer() async throws {
        let shop = try await Shop.open(sites: 1)
        try await shop.allow([Quota.Limit(.instances, 3)])
        let order = try await shop.order(Shop.request(2, grace: 60))
        _ = try await shop.order(Shop.request(2, start: 7_200, duration: 600))
        func extended(to seconds: Int64) async throws -> ChangeOutcome {
            try await shop.desk.change(
                order.id, tenant: shop.tenant, .extend(to: Shop.opening + .seconds(seconds)), revision: nil)
        }
        guard case .quotaExceeded(_, let offers) = try await extended(to: 9_000) else {
            Issue.record("four at once are more than three")
            return
        }
        #expect(offers.map(\.kind) == [.shorter])
        #expect(offers[0].window.end == Shop.opening + .seconds(7_140), "its grace is over when the other begins")
        guard case .quotaExceeded = try await extended(to: 7_141), case .changed = try await extended(to: 7_140) else {
            Issue.record("the offer is not what is granted")
            return
        }
        let rival = try await shop.customer("rival")
        try await shop.allow([Quota.Limit(.instances, 9)])
        #expect(try await shop.accepted(by: rival, Shop.request(2, start: 7_800)) != nil)
        #expect(try await shop.accepted(by: rival, Shop.request(1, start: 8_000)) != nil)
        guard case .refused(let refusal) = try await extended(to: 9_000) else {
            Issue.record("the host has no room for it then")
            return
        }
        #expect(refusal.offers.map(\.window.end) == [Shop.opening + .seconds(7_940)])
        guard case .changed = try await extended(to: 7_940) else {
            Issue.record("the offer is not granted")
            return
        }
        #expect(try await shop.breaches() == [])
    }
}

@Suite("When quotas have room")
struct QuotaTimesTests {
    @Test("no whole second before the opening fits, and the opening does: against going through all of them")
    func oracle() {
        for seed in UInt64(0)..<400 {
            var random = Lottery(seed)
            let span = Window(start: Instant(secondsSinceEpoch: 0), duration: .seconds(60))
            let calendar = QuotaCalendar(
                quota: "q", scope: .nationwide,
                during: Quota.Stretch(
                    from: random.flip() ? Instant(secondsSinceEpoch: random.below(40)) : nil,
                    until: random.flip() ? Instant(secondsSinceEpoch: 20 + random.below(40)) : nil),
                limit: Quota.Limit(.instances, 4),
                levels: Set((0..<random.below(8)).map { _ in random.below(50) }).sorted().map {
                    .init(at: Instant(secondsSinceEpoch: $0), reserved: random.below(5))
                })
            let duration = 1 + random.below(9)
            let asked = 1 + random.below(4)
            func fits(_ start: Int64) -> Bool {
                (start..<start + duration).allSatisfy { second in
                    let at = Instant(secondsSinceEpoch: second)
                    if let from = calendar.during.from, at < from { return true }
                    if let until = calendar.during.until, at >= until { return true }
                    return (calendar.levels.last { $0.at <= at }?.reserved ?? 0) + asked <= 4
                }
            }
            let times = QuotaTimes(closed: calendar.closed(to: asked, within: span))
            let opening = times.opening(from: span.start, for: .seconds(duration)).secondsSinceEpoch
            guard opening + duration <= 60 else {
                #expect((0...60 - duration).allSatisfy { !fits($0) }, "seed \(seed)")
                continue
            }
            #expect((0..<opening).allSatisfy { !fits($0) } && fits(opening), "seed \(seed)")
        }
    }
}

extension Shop {
    func quotaOffers(_ request: OrderRequest) async throws -> [Offer] {
        let outcome = try await desk.order(request, quoteID: nil, tenant: tenant, idempotency: nil)
        guard case .quotaExceeded(_, let offers) = outcome else { throw Unserved(outcome: outcome) }
        return offers
    }
}

extension OrderRequest {
    fileprivate func within(_ scope: Scope) -> OrderRequest {
        var request = self
        request.scope = scope
        return request
    }
}

/// Draws that a seed repeats: the same on every machine.
private struct Lottery {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &+ 0x9e37_79b9_7f4a_7c15 }

    mutating func below(_ bound: Int64) -> Int64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int64((state >> 33) % UInt64(bound))
    }

    mutating func flip() -> Bool { below(2) == 0 }
}
