import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Postgres
import TestSupport
import Testing

@Suite("Orders for images that do not exist", .freshDatabase, .timeLimit(.minutes(5)))
struct MissingImageTests {
    /// At most one instance a site, so that `count` instances are at as many sites.
    private func order(_ count: Int, in shop: Shop) async throws -> OrderRecord {
        try await shop.order(Shop.request(count, spread: [SpreadRule(level: .site, maxPerGroup: 1)]))
    }

    /// How much is held anywhere at all.
    private func held(in shop: Shop) async throws -> Int {
        let rows = try await shop.pool.rows("SELECT coalesce(sum(live_count), 0)::bigint AS n FROM muster.reservation")
        return try rows[0].decode("n", as: Int.self)
    }

    @Test("the order is given up at once: not placed again, nothing held, nothing billed, and it says why")
    func givenUp() async throws {
        let shop = try await Shop.open(sites: 8)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(3))
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await agents.pull().count == 3)
        try await agents.report(.start, at: 1)
        try await agents.report(.fail, at: 2, code: .imageNotFound)
        #expect(try await shop.reconciler.reconcile(order.id) == .done)

        let record = try await shop.record(order.id)
        #expect(record.state == .settled)
        #expect(record.counts == OrderCounts(requested: 3, refused: 3, failed: 3))
        #expect(record.problem?.code == .imageNotFound)
        #expect(record.problem?.detail.hasSuffix("image-not-found") == true)
        #expect(try await agents.pull().isEmpty)
        #expect(try await held(in: shop) == 0)
        #expect(try await shop.pool.rows("SELECT 1 FROM report.billing_by_order").isEmpty)
        let receipt = try await shop.pool.rows("SELECT instances, amount_micro FROM muster.receipt")[0]
        #expect(try receipt.decode("amount_micro", as: Int64.self) == 0)
        let events = try await shop.store.events(of: order.id, after: 0, limit: 100)
        #expect(events.last?.state == .settled)
        #expect(try await shop.breaches() == [])
    }

    @Test("on the word of two sites the others are told to stop, and what becomes ready meanwhile is not billed")
    func twoSites() async throws {
        let shop = try await Shop.open(sites: 3)
        let agents = FakeAgents(shop)
        let order = try await order(3, in: shop)
        _ = try await shop.reconciler.reconcile(order.id)
        let told = try await agents.pull()
        try await agents.report(.fail, at: 2, code: .imageNotFound) { $0.instance != told[2].instance }
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).state == .releasing)
        let last = try await agents.pull()
        #expect(last.map(\.instance) == [told[2].instance])
        #expect(last.allSatisfy { $0.stop })

        try await agents.report(.ready, at: 2, epochLess: 1) { $0.instance == told[2].instance }
        try await agents.report(.stopped, at: 3) { $0.instance == told[2].instance }
        #expect(try await shop.reconciler.reconcile(order.id) == .done)
        #expect(try await shop.record(order.id).problem != nil)
        #expect(try await held(in: shop) == 0)
        #expect(try await shop.pool.rows("SELECT 1 FROM report.billing_by_order").isEmpty)
        #expect(try await shop.breaches() == [])
    }

    @Test("one site that lost the image ends no order that others still work on: what failed moves elsewhere")
    func oneSite() async throws {
        let shop = try await Shop.open(sites: 4)
        let agents = FakeAgents(shop)
        let order = try await order(3, in: shop)
        _ = try await shop.reconciler.reconcile(order.id)
        let told = try await agents.pull()
        try await agents.report(.fail, at: 2, code: .imageNotFound) { $0.instance == told[0].instance }
        _ = try await shop.reconciler.reconcile(order.id)
        let moved = try await agents.pull()
        #expect(moved.count == 1)
        #expect(moved.allSatisfy { $0.host != told[0].host })
        try await agents.report(.ready, at: 5) { $0.instance != told[0].instance }
        _ = try await shop.reconciler.reconcile(order.id)
        let record = try await shop.record(order.id)
        #expect(record.state == .active)
        #expect(record.counts.ready == 3)
        #expect(record.problem == nil)
    }

    @Test("an order of which something was ready is never given up for its image")
    func readyBefore() async throws {
        let shop = try await Shop.open(sites: 4)
        let agents = FakeAgents(shop)
        let order = try await order(3, in: shop)
        _ = try await shop.reconciler.reconcile(order.id)
        let told = try await agents.pull()
        try await agents.report(.ready, at: 2) { $0.instance == told[0].instance }
        try await agents.report(.fail, at: 3, code: .imageNotFound) { $0.instance != told[0].instance }
        _ = try await shop.reconciler.reconcile(order.id)
        let record = try await shop.record(order.id)
        #expect(record.problem == nil)
        #expect(record.counts.ready == 1)
        #expect(try await agents.pull().count == 1, "one more site has room; two that missed it are not asked again")
    }
}
