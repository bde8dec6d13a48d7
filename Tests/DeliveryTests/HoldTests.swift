import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Postgres
import TestSupport
import Testing

@Suite("Holds: capacity without a deployment", .freshDatabase, .timeLimit(.minutes(5)))
struct HoldTests {
    @Test("10,000 vCPU, 8,000 of them held for VMs: 5,000 more are refused at once, with what would work")
    func soldOnce() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 2_500)
        let hold = try await shop.hold(8_000)
        #expect(hold.counts == HoldCounts(requested: 8_000, held: 8_000))

        let containers = try await shop.customer("containers")
        func order(_ count: Int, _ quote: String? = nil) async throws -> OrderOutcome {
            try await shop.desk.order(Shop.request(count), quoteID: quote, tenant: containers, idempotency: nil)
        }
        guard case .refused(let refusal) = try await order(5_000) else {
            Issue.record("2,000 are left")
            return
        }
        #expect(refusal.shortage.available == 2_000)
        #expect(refusal.shortage.missing == 3_000)
        #expect(refusal.shortage.gap.map(\.bound) == [.capacity])
        #expect(try await shop.pool.rows("SELECT 1 FROM muster.instance").isEmpty, "nothing went into production")
        let offer = try #require(refusal.offers.last)
        #expect(offer.kind == .fewer)
        guard case .accepted(let order, replayed: false) = try await order(offer.count, offer.quote?.id) else {
            Issue.record("what is offered works")
            return
        }
        #expect(order.counts.planned == 2_000)
        #expect(try await shop.breaches() == [])
    }

    @Test("nothing is deployed on a hold, and nothing is billed for it")
    func idle() async throws {
        let shop = try await Shop.open(sites: 1)
        _ = try await shop.hold(4)
        try await shop.sweep()
        #expect(try await FakeAgents(shop).pull().isEmpty)
        try await shop.clock(3_600)
        #expect(try await shop.pool.rows("SELECT 1 FROM report.billing_by_order").isEmpty)
        let taken = try await shop.pool.rows("SELECT reserved FROM report.capacity_now WHERE resource = 'vcpu_milli'")
        #expect(try taken[0].decode("reserved", as: Int.self) == 4_000)
    }

    @Test("a hold whose customer does not show up is released when its time is over, and not before")
    func noShow() async throws {
        let shop = try await Shop.open(sites: 1)
        let hold = try await shop.hold(4, timeToLive: 600)
        #expect(hold.expiresAt == Shop.opening + .seconds(600))
        try await shop.clock(599)
        try await shop.sweep()
        #expect(try await shop.record(hold.id).state == .held)
        #expect(try await shop.isRefused(Shop.request(1)))

        try await shop.clock(630)
        try await shop.sweep()
        let over = try await shop.record(hold.id)
        #expect(over.state == .expired)
        #expect(over.counts == HoldCounts(requested: 4, held: 0, released: 4))
        #expect(try await !shop.isRefused(Shop.request(4)))
        #expect(try await shop.desk.release(hold.id, tenant: shop.tenant) == .tooLate(.expired))
        #expect(try await shop.breaches() == [])
    }

    @Test("a hold that is given back frees its hosts at once, once, and for its own tenant only")
    func release() async throws {
        let shop = try await Shop.open(sites: 1)
        let hold = try await shop.hold(4)
        let stranger = try await shop.customer("stranger")
        #expect(try await shop.desk.release(hold.id, tenant: stranger) == .notFound)
        #expect(try await shop.store.hold(hold.id, tenant: stranger) == nil)
        #expect(try await shop.isRefused(Shop.request(1)))

        guard case .released(let released) = try await shop.desk.release(hold.id, tenant: shop.tenant) else {
            Issue.record("a hold can be given back")
            return
        }
        #expect(released.state == .released)
        #expect(released.counts == HoldCounts(requested: 4, held: 0, released: 4))
        #expect(try await shop.store.groups(ofHolds: [hold.id]).isEmpty)
        #expect(try await !shop.isRefused(Shop.request(4)))
        #expect(try await shop.desk.release(hold.id, tenant: shop.tenant) == .released(released))
        #expect(try await shop.breaches() == [])
    }

    @Test("a hold takes its window only, and without an end it reaches to the last day that can be ordered")
    func windows() async throws {
        let shop = try await Shop.open(sites: 1)
        let evening = try await shop.hold(4, start: 3_600, duration: 600)
        #expect(evening.window == Window(start: Shop.opening + .seconds(3_600), duration: .seconds(600)))
        #expect(evening.expiresAt == evening.window.end, "no hold outlives its window")
        #expect(try await !shop.isRefused(Shop.request(4, duration: 3_600)))
        #expect(try await !shop.isRefused(Shop.request(4, start: 4_200, duration: 600)))
        let open = try await shop.hold(4, start: 4_800)
        #expect(open.window.end == Shop.opening + .seconds(400 * 86_400))
        #expect(open.expiresAt == open.window.start + .seconds(86_400))

        let far = HoldRequest(unit: Shop.unit, count: 1, start: Shop.opening + .seconds(401 * 86_400))
        guard case .badTiming(.beyondHorizon) = try await shop.desk.hold(far, tenant: shop.tenant, idempotency: nil)
        else {
            Issue.record("401 days are too far")
            return
        }
    }

    @Test("a hold for which there is too little is refused with what binds")
    func refusal() async throws {
        let shop = try await Shop.open(sites: 1)
        _ = try await shop.order(Shop.request(3))
        let outcome = try await shop.desk.hold(
            HoldRequest(unit: Shop.unit, count: 2), tenant: shop.tenant, idempotency: nil)
        guard case .refused(let refusal) = outcome else {
            Issue.record("one core is free, two are asked for: \(outcome)")
            return
        }
        #expect(refusal.shortage.available == 1)
        #expect(refusal.shortage.gap.map(\.bound) == [.capacity])
        #expect(try await shop.store.holds(tenant: shop.tenant, before: nil, limit: 10).isEmpty)
        #expect(refusal.offers.map(\.kind).contains(.fewer))
        #expect(refusal.offers.allSatisfy { $0.quote == nil }, "a hold has no price")
        #expect(refusal.explanation?.parts.first?.bindings.map(\.constraint) == [.vcpu, .reservations])
    }

    @Test("the same idempotency key makes one hold, however many ask at once, and never an order as well")
    func idempotency() async throws {
        let shop = try await Shop.open(sites: 8)
        let key = Idempotency(key: "k-1", bodyHash: Array(repeating: 1, count: 32))
        let request = HoldRequest(unit: Shop.unit, count: 2)
        let ids = try await withThrowingTaskGroup(of: HoldID?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let outcome = try await shop.desk.hold(request, tenant: shop.tenant, idempotency: key)
                    guard case .held(let record, _) = outcome else { return nil }
                    return record.id
                }
            }
            return try await group.reduce(into: Set<HoldID?>()) { $0.insert($1) }
        }
        #expect(ids.count == 1 && !ids.contains(nil))
        #expect(try await shop.store.holds(tenant: shop.tenant, before: nil, limit: 10).count == 1)
        let other = Idempotency(key: "k-1", bodyHash: Array(repeating: 2, count: 32))
        #expect(try await shop.desk.hold(request, tenant: shop.tenant, idempotency: other) == .keyReused)
        let order = try await shop.desk.order(Shop.request(2), quoteID: nil, tenant: shop.tenant, idempotency: key)
        #expect(order == .keyReused)
    }

    @Test("holds and orders that race for the last hosts are never oversold, and whoever fits is served")
    func race() async throws {
        let shop = try await Shop.open(sites: 3, hosts: 2)
        // 6 hosts of 4 cores; 20 ask for 2 cores over the same hour: exactly 12 fit.
        let served = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<10 {
                group.addTask { try await !shop.isRefused(Shop.request(2, start: 60)) }
                group.addTask {
                    let hold = HoldRequest(unit: Shop.unit, count: 2, start: Shop.opening + .seconds(60))
                    let outcome = try await shop.desk.hold(hold, tenant: shop.tenant, idempotency: nil)
                    if case .held = outcome { return true } else { return false }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(served == 12)
        #expect(try await shop.breaches() == [])
    }

    @Test("a reservation goes where its customer would rather have it, and says so")
    func preference() async throws {
        let shop = try await Shop.open(sites: 6)
        let near = Preference(latency: 1, nearProvince: "13")
        let cheap = Preference(price: 1)
        for (prefer, province) in [(near, "13"), (cheap, "21")] {
            let request = HoldRequest(unit: Shop.unit, count: 1, grace: .zero, prefer: prefer)
            let outcome = try await shop.desk.hold(request, tenant: shop.tenant, idempotency: nil)
            guard case .held(let hold, _) = outcome else { throw Shop.NotHeld(outcome: outcome) }
            #expect(hold.prefer == prefer)
            let groups = try await shop.store.groups(ofHolds: [hold.id])[hold.id] ?? []
            #expect(groups.map(\.province) == [province], "\(prefer)")
        }
    }
}
