import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Logging
import Placement
import Postgres
import TestSupport
import Testing

@Suite("Ordering", .freshDatabase, .timeLimit(.minutes(5)))
struct OrderingTests {
    @Test("the same idempotency key makes one order, however many ask at once")
    func idempotency() async throws {
        let shop = try await Shop.open(sites: 8)
        let key = Idempotency(key: "k-1", bodyHash: Array(repeating: 1, count: 32))
        let ids = try await withThrowingTaskGroup(of: OrderID?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let outcome = try await shop.desk.order(
                        Shop.request(2), quoteID: nil, tenant: shop.tenant, idempotency: key)
                    guard case .accepted(let record, _) = outcome else { return nil }
                    return record.id
                }
            }
            return try await group.reduce(into: Set<OrderID?>()) { $0.insert($1) }
        }
        #expect(ids.count == 1 && !ids.contains(nil))
        #expect(try await shop.store.orders(tenant: shop.tenant, before: nil, limit: 10).count == 1)

        let other = Idempotency(key: "k-1", bodyHash: Array(repeating: 2, count: 32))
        let reused = try await shop.desk.order(
            Shop.request(3), quoteID: nil, tenant: shop.tenant, idempotency: other)
        #expect(reused == .keyReused)
    }

    @Test("orders that race for the last hosts are never oversold, and whoever fits is served")
    func race() async throws {
        let shop = try await Shop.open(sites: 3, hosts: 2)
        // 6 hosts of 4 cores; 20 orders of 2 cores over the same hour: exactly 12 fit.
        let served = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    let outcome = try await shop.desk.order(
                        Shop.request(2, start: 60), quoteID: nil, tenant: shop.tenant, idempotency: nil)
                    if case .accepted = outcome { return true } else { return false }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(served == 12)
        #expect(try await shop.breaches() == [])
    }

    @Test("the same order on the same fleet and ledger gets the same plan")
    func determinism() async throws {
        let shop = try await Shop.open(sites: 5, hosts: 3)
        _ = try await shop.order(Shop.request(7, start: 100))
        var plans: Set<[PlacedGroup]> = []
        for _ in 0..<3 {
            let fresh = OrderDesk(
                store: shop.store, planner: Planner(store: shop.store), bell: shop.bell, logger: .init(label: "again"))
            guard case .quoted(let quote) = try await fresh.quote(Shop.request(23, start: 100), tenant: shop.tenant)
            else {
                Issue.record("23 fit")
                return
            }
            plans.insert(quote.groups)
        }
        #expect(plans.count == 1)
    }

    @Test("a refusal says what binds and offers what works")
    func offers() async throws {
        let shop = try await Shop.open(sites: 1)
        _ = try await shop.order(Shop.request(3, duration: 1_800))
        let outcome = try await shop.desk.order(Shop.request(4), quoteID: nil, tenant: shop.tenant, idempotency: nil)
        guard case .refused(let refusal) = outcome else {
            Issue.record("one core is free, four are asked for")
            return
        }
        #expect(refusal.shortage.available == 1)
        #expect(refusal.shortage.gap.first?.bound == .capacity)
        #expect(refusal.offers.map(\.kind) == [.otherSpec, .later, .fewer])
        for offer in refusal.offers {
            let request = try #require(offer.quote?.request)
            let taken = try await shop.desk.quote(request, tenant: shop.tenant)
            guard case .quoted(let quote) = taken else {
                Issue.record("the offer \(offer.kind) works: \(taken)")
                continue
            }
            #expect(quote.price == offer.quote?.price)
        }
        let fewer = try #require(refusal.offers.first { $0.kind == .fewer })
        let made = try await shop.desk.order(
            quote: try #require(fewer.quote?.id), name: nil, tenant: shop.tenant, idempotency: nil)
        guard case .accepted = made else {
            Issue.record("an offer is accepted by its quote: \(made)")
            return
        }
    }

    @Test("a quote holds for its order and its time only")
    func staleQuotes() async throws {
        let shop = try await Shop.open()
        guard case .quoted(let quote) = try await shop.desk.quote(Shop.request(2), tenant: shop.tenant) else { return }
        func order(_ request: OrderRequest) async throws -> OrderOutcome {
            try await shop.desk.order(request, quoteID: quote.id, tenant: shop.tenant, idempotency: nil)
        }
        guard case .quoteStale = try await order(Shop.request(3)) else {
            Issue.record("another count is another order")
            return
        }
        try await shop.clock(301)
        guard case .quoteStale = try await order(Shop.request(2)) else {
            Issue.record("five minutes have passed")
            return
        }
    }

    @Test("windows in the past and beyond the horizon are refused")
    func timing() async throws {
        let shop = try await Shop.open()
        guard case .badTiming(.past) = try await shop.desk.quote(Shop.request(1, start: -120), tenant: shop.tenant)
        else {
            Issue.record("two minutes ago is the past")
            return
        }
        guard
            case .badTiming(.past) = try await shop.desk.quote(
                Shop.request(1, start: -50, duration: 10), tenant: shop.tenant)
        else {
            Issue.record("over before it was asked for")
            return
        }
        let far = Shop.request(1, start: 399 * 86_400, duration: 2 * 86_400)
        guard case .badTiming(.beyondHorizon) = try await shop.desk.quote(far, tenant: shop.tenant) else {
            Issue.record("401 days are too far")
            return
        }
    }

    @Test("an extension is granted where there is room and refused where there is none")
    func extend() async throws {
        let shop = try await Shop.open(sites: 1)
        let order = try await shop.order(Shop.request(3, duration: 600))
        _ = try await shop.order(Shop.request(3, start: 1_200, duration: 600))
        func extend(to seconds: Int64) async throws -> ChangeOutcome {
            try await shop.desk.change(
                order.id, tenant: shop.tenant, .extend(to: Shop.opening + .seconds(seconds)), revision: nil)
        }
        guard case .refused(let refusal) = try await extend(to: 2_000) else {
            Issue.record("the next order is in the way")
            return
        }
        let until = Shop.opening + .seconds(1_200)
        #expect(refusal.shortage.gap.first?.detail.contains("until \(until)") == true)
        guard case .changed(let extended) = try await extend(to: 1_200) else {
            Issue.record("free until the next order")
            return
        }
        #expect(extended.window.end == Shop.opening + .seconds(1_200))
        guard case .refused = try await extend(to: 1_201) else {
            Issue.record("one second into the next order")
            return
        }
        #expect(try await shop.record(order.id).window.end == Shop.opening + .seconds(1_200))
        #expect(try await shop.breaches() == [])
    }

    @Test("scaling up reserves more, scaling down gives back, and the counts balance")
    func scale() async throws {
        let shop = try await Shop.open(sites: 2)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(2))
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.ready, at: 1)
        func scale(to count: Int) async throws -> ChangeOutcome {
            try await shop.desk.change(order.id, tenant: shop.tenant, .scale(to: count), revision: nil)
        }
        guard case .changed(let larger) = try await scale(to: 5) else {
            Issue.record("eight cores are enough")
            return
        }
        #expect(larger.request.count == 5)
        guard case .refused = try await scale(to: 9) else {
            Issue.record("eight cores are not nine")
            return
        }
        guard case .changed(let smaller) = try await scale(to: 1) else {
            Issue.record("less is always possible")
            return
        }
        #expect(smaller.request.count == 1)
        #expect(smaller.counts.released == 3, "planned ones end at once")
        let groups = try await shop.store.groups(of: [order.id])[order.id] ?? []
        #expect(groups.reduce(0) { $0 + $1.count } == 1, "what was scaled away is not shown")
        #expect(smaller.counts.releasing == 1)
        #expect(try await agents.pull().map(\.stop) == [true])
        #expect(try await shop.breaches() == [])
    }

    @Test("an order kept even over hosts and sites stays even as it grows, and is refused where it could not")
    func even() async throws {
        let shop = try await Shop.open(sites: 3, hosts: 2)
        let spread = [
            SpreadRule(level: .host, maxPerGroup: 2),
            SpreadRule(level: .site, maxSkew: 1),
        ]
        let order = try await shop.order(Shop.request(7, start: 60, spread: spread))
        func counts(by key: (PlacedGroup) -> String) async throws -> [Int] {
            let groups = try await shop.store.groups(of: [order.id])[order.id] ?? []
            return Dictionary(grouping: groups, by: key).values.map { $0.reduce(0) { $0 + $1.count } }.sorted()
        }
        #expect(try await counts(by: \.site) == [2, 2, 3])
        #expect(try await counts(by: \.host).allSatisfy { $0 <= 2 })

        _ = try await shop.desk.change(order.id, tenant: shop.tenant, .scale(to: 11), revision: nil)
        #expect(try await counts(by: \.site) == [3, 4, 4])
        let more = try await shop.desk.change(order.id, tenant: shop.tenant, .scale(to: 13), revision: nil)
        guard case .refused(let refusal) = more else {
            Issue.record("six hosts of two each hold twelve")
            return
        }
        #expect(refusal.shortage.gap.map(\.level) == [.host])
        #expect(try await shop.record(order.id).request.spread == spread)
        #expect(try await shop.breaches() == [])
    }

    @Test("an order takes the first spec by rank that can be had, whole, at the price of that spec")
    func ranked() async throws {
        let shop = try await Shop.open(sites: 2, hosts: 2)
        /// `count` instances of `cores` each, on hosts of four.
        func request(_ count: Int, cores: Int64) -> OrderRequest {
            var request = Shop.request(count, start: 60)
            request.spec.resources.vcpuMilli = cores * 1_000
            return request
        }
        let large = request(4, cores: 3)
        let alternatives = [request(12, cores: 1), request(24, cores: 1)]
        guard case .quoted(let quote) = try await shop.desk.quote(large, else: alternatives, tenant: shop.tenant) else {
            Issue.record("four of three cores fit on four hosts")
            return
        }
        #expect(quote.spec == large.spec)

        // Two cores on each host: three do not fit any more, and two by two do.
        var others = request(4, cores: 2)
        others.spread = [SpreadRule(level: .host, maxPerGroup: 1)]
        _ = try await shop.order(others)
        func order(quoteID: String?) async throws -> OrderOutcome {
            let alternatives = [request(2, cores: 4), request(8, cores: 1)]
            return try await shop.desk.order(
                large, else: alternatives, quoteID: quoteID, tenant: shop.tenant, idempotency: nil)
        }
        guard case .refused = try await order(quoteID: quote.id) else {
            Issue.record("a quote is of one spec, and that cannot be had")
            return
        }
        guard case .accepted(let record, _) = try await order(quoteID: nil) else {
            Issue.record("eight of one core fit")
            return
        }
        #expect(record.request.spec.resources.vcpuMilli == 1_000)
        #expect(record.counts.reserved == 8)
        let rows = try await shop.pool.rows(
            "SELECT DISTINCT vcpu_milli FROM muster.reservation WHERE order_id = \(record.id.rawValue)")
        #expect(try rows.map { try $0.decode("vcpu_milli", as: Int64.self) } == [1_000])
        #expect(try await shop.breaches() == [])
    }

    @Test("what a customer prefers is kept with the order: what is added goes where he would rather have it")
    func preference() async throws {
        let shop = try await Shop.open(sites: 5)
        var request = Shop.request(5, start: 60)
        // Hebei, then Beijing next to it.
        request.prefer = Preference(latency: 1, nearProvince: "13")
        let order = try await shop.order(request)
        #expect(order.request.prefer == request.prefer)
        func provinces() async throws -> [String: Int] {
            let groups = try await shop.store.groups(of: [order.id])[order.id] ?? []
            return Dictionary(groups.map { ($0.province, $0.count) }) { $0 + $1 }
        }
        let nearest = Province.all.prefix(5).sorted {
            Province.distanceKm(from: "13", to: $0.code) ?? 0 < Province.distanceKm(from: "13", to: $1.code) ?? 0
        }
        #expect(try await provinces() == [nearest[0].code: 4, nearest[1].code: 1])
        _ = try await shop.desk.change(order.id, tenant: shop.tenant, .scale(to: 9), revision: nil)
        #expect(try await provinces() == [nearest[0].code: 4, nearest[1].code: 4, nearest[2].code: 1])
    }
}
