import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Metering
import Postgres
import TestSupport
import Testing

@Suite("Orders that survive the loss of a site", .freshDatabase, .timeLimit(.minutes(5)))
struct SpareTests {
    @Test("a lost site is made up for by the spare: nothing is planned, and the bill is what was quoted")
    func lost() async throws {
        let shop = try await Shop.open(sites: 4)
        let agents = FakeAgents(shop)
        let request = Shop.surviving(6)
        guard case .quoted(let quote) = try await shop.desk.quote(request, tenant: shop.tenant) else {
            Issue.record("eight of one core fit into four sites of four")
            return
        }
        #expect(quote.spare.reduce(0) { $0 + $1.count } == 2)
        let order = try await shop.accepted(request, quote: quote.id)
        #expect(order.spare == 2)
        #expect(try await shop.reportedSpare(order.id) == [2, 0], "held, and free of charge")
        #expect(try await shop.margin(order.id) >= 6)
        // Whatever is left of the fleet is taken: a plan would find no room.
        _ = try await shop.order(Shop.request(8))
        #expect(try await shop.isRefused(Shop.request(1)))

        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await agents.pull().count == 6, "the spare is not delivered")
        try await agents.report(.ready, at: 1)
        _ = try await shop.reconciler.reconcile(order.id)
        let rows = try await shop.rows(of: order.id)
        let site = try #require(try await shop.store.groups(of: [order.id])[order.id]?.first)
        try await shop.clock(600)
        try await agents.report(.fail, at: 600) { $0.host == site.host }
        #expect(try await shop.record(order.id).counts.waiting == site.count)

        _ = try await shop.reconciler.reconcile(order.id)
        let restored = try await shop.record(order.id)
        #expect(restored.counts.waiting == 0)
        #expect(restored.spare == 2 - site.count)
        #expect(try await shop.reportedSpare(order.id) == [2 - site.count, 0])
        #expect(try await shop.rows(of: order.id) == rows, "no row was added: what was held is what is delivered")
        let fresh = try await agents.pull()
        #expect(fresh.count == site.count && fresh.allSatisfy { $0.host != site.host })
        #expect(try await shop.breaches() == [])
        try await agents.report(.ready, at: 601) { told in fresh.contains { $0.instance == told.instance } }
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).counts.ready == 6)

        try await shop.clock(3_601)
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).spare == 0)
        #expect(try await shop.reportedSpare(order.id) == [0, 0], "given back")
        try await agents.report(.stopped, at: 3_601)
        #expect(try await shop.reconciler.reconcile(order.id) == .done)
        let bill = try await shop.pool.rows(
            "SELECT amount_micro FROM report.billing_by_order WHERE order_id = \(order.id.rawValue)")[0]
        #expect(try bill.decode("amount_micro", as: Int64.self) == quote.price.amountMicro)
        #expect(try await shop.breaches() == [])
    }

    @Test("while others fight for what the lost site frees, the spare makes up for it, and nothing is oversold")
    func race() async throws {
        let shop = try await Shop.open(sites: 4)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.surviving(6))
        _ = try await shop.order(Shop.request(8))
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.ready, at: 1)
        let site = try #require(try await shop.store.groups(of: [order.id])[order.id]?.first)
        try await shop.clock(600)
        try await agents.report(.fail, at: 600) { $0.host == site.host }
        let rival = try await shop.customer("rival")
        let taken = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try await shop.accepted(by: rival, Shop.request(1)) == nil ? 0 : 1 }
            }
            for _ in 0..<4 {
                group.addTask {
                    _ = try await shop.reconciler.reconcile(order.id)
                    return 0
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(taken <= site.count, "what the lost site has freed, and nothing of the spare")
        let restored = try await shop.record(order.id)
        #expect(restored.counts.waiting == 0)
        #expect(restored.counts.live == 6)
        #expect(try await shop.breaches() == [])
    }

    @Test("what is spare is nobody else's, and free again at once when the order is cancelled")
    func held() async throws {
        let shop = try await Shop.open(sites: 2)
        let order = try await shop.order(Shop.surviving(4))
        #expect(order.spare == 4)
        #expect(order.request.survive == Survival())
        #expect(try await shop.isRefused(Shop.request(1)))
        await #expect(throws: PostgresError.self, "a row is not more spare than it is long") {
            try await shop.pool.execute("UPDATE muster.reservation SET spare_count = live_count + 1")
        }
        _ = try await shop.desk.change(order.id, tenant: shop.tenant, .cancel, revision: nil)
        #expect(try await shop.record(order.id).spare == 0)
        _ = try await shop.order(Shop.request(8))
        #expect(try await shop.breaches() == [])
    }

    @Test("the spare grows and shrinks with the count")
    func scaled() async throws {
        let shop = try await Shop.open(sites: 5)
        let order = try await shop.order(Shop.surviving(4))
        #expect(order.spare == 1)
        for (count, spare) in [(6, 2), (8, 2), (3, 1)] {
            _ = try await shop.desk.change(order.id, tenant: shop.tenant, .scale(to: count), revision: nil)
            let record = try await shop.record(order.id)
            #expect(record.counts.planned == count)
            #expect(record.spare == spare)
            #expect(try await shop.margin(order.id) >= count)
            #expect(try await shop.breaches() == [])
        }
        let outcome = try await shop.desk.change(order.id, tenant: shop.tenant, .scale(to: 17), revision: nil)
        guard case .refused(let refusal) = outcome else {
            Issue.record("seventeen and a spare do not fit into twenty cores at five sites: \(outcome)")
            return
        }
        #expect(refusal.shortage.gap.map(\.bound) == [.survival])
    }

    @Test("extending extends the spare, or is refused for want of room for it; shortening frees it from the new end on")
    func extended() async throws {
        let shop = try await Shop.open(sites: 2)
        let order = try await shop.order(Shop.surviving(4))
        let later = try await shop.order(Shop.request(1, start: 3_600))
        let end = Shop.opening + .seconds(7_200)
        let refused = try await shop.desk.change(order.id, tenant: shop.tenant, .extend(to: end), revision: nil)
        guard case .refused = refused else {
            Issue.record("a host of the order is taken from its end on: \(refused)")
            return
        }
        _ = try await shop.desk.change(later.id, tenant: shop.tenant, .cancel, revision: nil)
        _ = try await shop.desk.change(order.id, tenant: shop.tenant, .extend(to: end), revision: nil)
        #expect(try await shop.record(order.id).window.end == end)
        #expect(try await shop.isRefused(Shop.request(1, start: 3_600)))
        let soon = Shop.opening + .seconds(1_800)
        _ = try await shop.desk.change(order.id, tenant: shop.tenant, .shorten(to: soon), revision: nil)
        #expect(try await shop.order(Shop.request(8, start: 1_800)).counts.planned == 8)
        #expect(try await shop.breaches() == [])
    }

    @Test("a spare that was used is looked for again, and one on a closed host is replaced")
    func regained() async throws {
        let shop = try await Shop.open(sites: 5, hosts: 2)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.surviving(3))
        #expect(order.spare == 1)
        _ = try await shop.reconciler.reconcile(order.id)
        let first = try await agents.pull()[0]
        try await agents.report(.ready, at: 1)
        try await shop.clock(600)
        try await agents.report(.fail, at: 600) { $0.instance == first.instance }
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).counts.waiting == 0)
        #expect(try await shop.record(order.id).spare >= 1, "used, and found again")
        #expect(try await shop.margin(order.id) >= 3)

        let there = try #require(try await shop.store.spareGroups(of: [order.id])[order.id]?.first)
        try await shop.close(.cordon, .site(there.site))
        let impact = try await shop.store.impact(of: ClosureID(rawValue: 1), limit: 10)
        #expect((impact.instances, impact.runningInstances) == (there.count, 0), "nothing runs on what is spare")
        #expect(impact.listed.map(\.isRunning) == [false])
        #expect(try await shop.reconciler.reconcile(order.id) != .done)
        let now = try await shop.store.spareGroups(of: [order.id])[order.id] ?? []
        #expect(!now.isEmpty && now.allSatisfy { $0.site != there.site })
        #expect(try await shop.margin(order.id) >= 3)
        #expect(try await shop.breaches() == [])
    }

    @Test("a drain moves what has not begun to where the loss of a site is still survived")
    func drained() async throws {
        let shop = try await Shop.open(sites: 5)
        let order = try await shop.order(Shop.surviving(3, start: 7_200))
        let site = try #require(try await shop.store.groups(of: [order.id])[order.id]?.first).site
        try await shop.close(.cordon, .site(site), drains: true)
        try await shop.sweep()
        #expect(try await shop.places(order.id).keys.allSatisfy { !$0.hasPrefix(site) })
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.margin(order.id) >= 3)
        #expect(try await shop.breaches() == [])
    }

    @Test("where only the spare does not fit the refusal says so, and offers less with it and all without")
    func refused() async throws {
        let shop = try await Shop.open(sites: 2)
        let refusal = try await shop.refusal(of: Shop.surviving(5))
        #expect(refusal.shortage.available == 4)
        #expect(refusal.shortage.gap.map(\.bound) == [.survival])
        #expect(refusal.offers.map(\.kind).prefix(1) == [.withoutSpare])
        let fewer = try #require(refusal.offers.first { $0.kind == .fewer })
        #expect(fewer.count == 4)
        let rival = try await shop.customer("rival")
        #expect(try await shop.accepted(by: rival, Shop.request(1)) == nil, "the spare of the offer is held with it")
        let smaller = try await shop.accept(fewer)
        #expect(smaller?.spare == 4)
        _ = try await shop.desk.change(
            try #require(smaller).id, tenant: shop.tenant, .cancel, revision: nil)
        let again = try await shop.refusal(of: Shop.surviving(5))
        let without = try await shop.accept(try #require(again.offers.first))
        #expect(without?.counts.planned == 5 && without?.request.survive == nil && without?.spare == 0)
        #expect(try await shop.breaches() == [])
    }

    @Test("a spare is counted by quotas as what it is: reserved")
    func quota() async throws {
        let shop = try await Shop.open(sites: 4)
        try await shop.allow([Quota.Limit(.instances, 7)])
        let excess = try await shop.excess(Shop.surviving(6))
        #expect(excess?.asked == 8)
        let offers = try await shop.quotaOffers(Shop.surviving(6))
        #expect(offers.map(\.kind) == [.fewer] && offers.map(\.count) == [5], "five and two spare are seven")
        let order = try #require(try await shop.accept(offers[0]))
        #expect(order.spare == 2)
        #expect(try await shop.quotaUse() == 7)
    }

    @Test("more of an order than fits, or than a quota leaves, is refused with the most that is granted with its spare")
    func scaledTooFar() async throws {
        let shop = try await Shop.open(sites: 5)
        let order = try await shop.order(Shop.surviving(4))
        func scale(_ count: Int) async throws -> ChangeOutcome {
            try await shop.desk.change(order.id, tenant: shop.tenant, .scale(to: count), revision: nil)
        }
        guard case .refused(let refusal) = try await scale(17) else { throw StoreError.stale }
        #expect(refusal.offers.map(\.count) == [16], "and four spare are twenty cores")
        try await shop.allow([Quota.Limit(.vcpu, 10_000)])
        guard case .quotaExceeded(_, let offers) = try await scale(12) else { throw StoreError.stale }
        #expect(offers.map(\.count) == [8], "and two spare")
        guard case .changed = try await scale(8) else { throw StoreError.stale }
        #expect(try await shop.margin(order.id) >= 8)
        #expect(try await shop.breaches() == [])
    }
}

extension Shop {
    /// An order that survives the loss of a site.
    static func surviving(_ count: Int, start: Int64? = nil) -> OrderRequest {
        var request = Shop.request(count, start: start)
        request.survive = Survival()
        return request
    }

    func accepted(_ request: OrderRequest, quote: String) async throws -> OrderRecord {
        let outcome = try await desk.order(request, quoteID: quote, tenant: tenant, idempotency: nil)
        guard case .accepted(let record, _) = outcome else { throw Unserved(outcome: outcome) }
        return record
    }

    /// What whoever reads the books sees of an order's spare: how much, and for how much.
    func reportedSpare(_ id: OrderID) async throws -> [Int] {
        let row = try await pool.rows(
            "SELECT spare_count, spare_amount_micro FROM report.orders WHERE order_id = \(id.rawValue)")[0]
        return [try row.decode("spare_count", as: Int.self), try row.decode("spare_amount_micro", as: Int.self)]
    }

    /// How many are left, delivered or spare, where the worst site is lost. By the ledger's rows alone.
    func margin(_ id: OrderID) async throws -> Int {
        try await pool.rows(
            """
            SELECT (sum(count) - max(count))::integer AS margin
              FROM (SELECT h.site_id, sum(r.live_count) AS count
                      FROM muster.reservation r JOIN muster.host h USING (host_id)
                     WHERE r.order_id = \(id.rawValue) AND r.live_count > 0 GROUP BY h.site_id) s
            """
        )[0].decode("margin", as: Int.self)
    }

    /// How many rows of the ledger an order has.
    func rows(of id: OrderID) async throws -> Int {
        try await pool.rows("SELECT count(*) AS count FROM muster.reservation WHERE order_id = \(id.rawValue)")[0]
            .decode("count", as: Int.self)
    }
}
