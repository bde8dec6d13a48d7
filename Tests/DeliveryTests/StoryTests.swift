import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Metering
import Postgres
import TestSupport
import Testing

@Suite("Stories from quote to bill", .freshDatabase, .timeLimit(.minutes(5)))
struct StoryTests {
    @Test("an order is delivered, released and billed, and the bill is what was quoted")
    func quoteToBill() async throws {
        let shop = try await Shop.open()
        let agents = FakeAgents(shop)
        let request = Shop.request(6)
        guard case .quoted(let quote) = try await shop.desk.quote(request, tenant: shop.tenant) else {
            Issue.record("six of one core fit into two hosts of four")
            return
        }
        let outcome = try await shop.desk.order(request, quoteID: quote.id, tenant: shop.tenant, idempotency: nil)
        guard case .accepted(let order, replayed: false) = outcome else {
            Issue.record("the quote holds: \(outcome)")
            return
        }
        #expect(try await shop.reconciler.reconcile(order.id) != .done)
        #expect(try await agents.pull().count == 6)
        try await shop.clock(20)
        try await agents.report(.start, at: 1)
        try await agents.report(.ready, at: 12)
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).state == .active)
        #expect(try await shop.record(order.id).counts.ready == 6)

        try await shop.clock(3_601)
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).state == .releasing)
        try await agents.report(.stopped, at: 3_601)
        #expect(try await shop.reconciler.reconcile(order.id) == .done)
        #expect(try await shop.record(order.id).state == .settled)

        let bill = try await shop.pool.rows("SELECT amount_micro, instance_seconds FROM report.billing_by_order")[0]
        #expect(try bill.decode("amount_micro", as: Int64.self) == quote.price.amountMicro)
        #expect(try bill.decode("instance_seconds", as: Int64.self) == 6 * 3_600)
        let days = try await shop.pool.rows("SELECT sum(amount_micro)::bigint AS sum FROM report.billing_by_day")[0]
        #expect(try days.decode("sum", as: Int64.self) == quote.price.amountMicro)
        let receipt = try await shop.pool.rows("SELECT instances, amount_micro FROM muster.receipt")[0]
        #expect(try receipt.decode("amount_micro", as: Int64.self) == quote.price.amountMicro)
        let release = try await shop.pool.rows(
            "SELECT instances, leaked, p99_lag_seconds::float8 AS lag FROM report.release")[0]
        #expect(try release.decode("leaked", as: Int.self) == 0)
        #expect(try release.decode("lag", as: Double.self) == 1)
        #expect(try await shop.breaches() == [])
    }

    @Test("the days of a bill over midnight add up to the bill, and its days are the price book's")
    func daysAddUp() async throws {
        let shop = try await Shop.open()
        let agents = FakeAgents(shop)
        // 2027-01-15T08:00Z is 16:00 in Shanghai: ten hours reach past two o'clock of the next day there.
        let order = try await shop.order(Shop.request(3, duration: 36_001))
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.ready, at: 1)
        try await shop.clock(36_001)
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.report(.stopped, at: 36_001)
        _ = try await shop.reconciler.reconcile(order.id)

        let days = try await shop.pool.rows(
            "SELECT day::text, instance_seconds, amount_micro FROM report.billing_by_day ORDER BY day")
        #expect(try days.map { try $0.decode("day", as: String.self) } == ["2027-01-15", "2027-01-16"])
        #expect(try days.map { try $0.decode("instance_seconds", as: Int64.self) } == [3 * 8 * 3_600, 3 * 7_201])
        let whole = try await shop.pool.rows("SELECT amount_micro FROM report.billing_by_order")[0]
        let sum = try days.reduce(0) { try $0 + $1.decode("amount_micro", as: Int64.self) }
        #expect(try sum == whole.decode("amount_micro", as: Int64.self))
    }

    @Test("a failed instance is replaced on another host and the customer pays for one")
    func replacement() async throws {
        let shop = try await Shop.open(sites: 2)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(1))
        _ = try await shop.reconciler.reconcile(order.id)
        let first = try await agents.pull()[0]
        try await agents.report(.ready, at: 5)
        try await shop.clock(600)
        try await agents.report(.fail, at: 600)
        #expect(try await shop.record(order.id).counts.waiting == 1)
        _ = try await shop.reconciler.reconcile(order.id)
        let second = try await agents.pull()[0]
        #expect(second.host != first.host)
        try await shop.clock(605)
        try await agents.report(.ready, at: 605) { $0.instance == second.instance }
        try await shop.clock(3_600)
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.report(.stopped, at: 3_600) { $0.instance == second.instance }
        #expect(try await shop.reconciler.reconcile(order.id) == .done)

        let bill = try await shop.pool.rows("SELECT instance_seconds FROM report.billing_by_order")[0]
        #expect(try bill.decode("instance_seconds", as: Int64.self) == 3_600)
        #expect(try await shop.breaches() == [])
    }

    @Test("an instance that was never ready is not billed")
    func neverReady() async throws {
        let shop = try await Shop.open(sites: 2)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(1))
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.start, at: 1)
        try await shop.clock(60)
        try await agents.report(.fail, at: 60)
        #expect(try await shop.pool.rows("SELECT 1 FROM muster.instance WHERE ready_at IS NOT NULL").isEmpty)
        #expect(try await shop.pool.rows("SELECT 1 FROM report.billing_by_order").isEmpty)
    }

    @Test("an image that starts nowhere comes to an end: so many replacements, then refused")
    func hopeless() async throws {
        let shop = try await Shop.open(sites: 8)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(1))
        for round in 0..<10 {
            _ = try await shop.reconciler.reconcile(order.id)
            let fresh = try await agents.pull()
            guard !fresh.isEmpty else { break }
            #expect(round < 4, "three replacements at most")
            try await agents.report(.fail, at: 1) { assignment in fresh.contains { $0.instance == assignment.instance }
            }
        }
        let record = try await shop.record(order.id)
        #expect(record.counts == OrderCounts(requested: 1, refused: 1, failed: 4))
        try await shop.clock(3_600)
        #expect(try await shop.reconciler.reconcile(order.id) == .done)
        #expect(try await shop.breaches() == [])
    }

    @Test("what was missing is topped up when capacity comes free before the deadline")
    func topUp() async throws {
        let shop = try await Shop.open(sites: 1)
        let agents = FakeAgents(shop)
        let other = try await shop.order(Shop.request(2, duration: 600))
        _ = try await shop.reconciler.reconcile(other.id)
        try await agents.pull()
        let fulfilment = Fulfilment(policy: .atLeast, minCount: 2, deadline: .seconds(1_800), topUp: true)
        let order = try await shop.order(Shop.request(4, fulfilment: fulfilment))
        #expect(order.counts.waiting == 2)

        try await shop.clock(600)
        _ = try await shop.reconciler.reconcile(other.id)
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).counts.waiting == 2, "nothing is free until the stops are confirmed")
        try await agents.report(.stopped, at: 600) { $0.order == other.id }
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).counts.waiting == 0)
        #expect(try await shop.record(order.id).counts.reserved == 4)
        #expect(try await shop.breaches() == [])
    }

    @Test("a future order is handed over half a minute before its start and not earlier")
    func handOver() async throws {
        let shop = try await Shop.open()
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(2, start: 3_600))
        #expect(try await shop.reconciler.reconcile(order.id) == .snooze(.seconds(3_570)))
        #expect(try await agents.pull().isEmpty)
        try await shop.clock(3_570)
        _ = try await shop.reconciler.reconcile(order.id)
        let told = try await agents.pull()
        #expect(told.count == 2)
        #expect(told.allSatisfy { $0.startAt == Shop.opening + .seconds(3_600) })
    }
}
