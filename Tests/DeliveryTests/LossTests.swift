import CapacityModel
import CapacityStore
import JobQueue
import Metering
import Postgres
import TestSupport
import Testing

@testable import Delivery

@Suite("Sites that an operator declares lost", .freshDatabase, .timeLimit(.minutes(5)))
struct LossTests {
    @Test("the spare stands in at once, nobody waits for the silent agent, and the bill is what was quoted")
    func covered() async throws {
        let shop = try await Shop.open(sites: 4)
        guard case .quoted(let quote) = try await shop.desk.quote(Shop.surviving(6), tenant: shop.tenant) else {
            Issue.record("eight of one core fit into four sites of four")
            return
        }
        let order = try await shop.accepted(Shop.surviving(6), quote: quote.id)
        // Whatever is left of the fleet is taken: a plan would find no room.
        _ = try await shop.order(Shop.request(8))
        let agents = try await shop.running([order])
        let rows = try await shop.rows(of: order.id)
        let site = try #require(try await shop.store.groups(of: [order.id])[order.id]?.first).site
        let there = try await shop.instances(of: order.id, at: site)

        try await shop.clock(600)
        let closure = try await shop.declareLost(site)
        let loss = try await shop.fleet.loss(of: closure.id, limit: 10)
        #expect(loss.listed.first { $0.order == order.id }?.lost == there.count)
        #expect(loss.listed.first { $0.order == order.id }?.covered == there.count)
        #expect(loss.unstopped == there.count)
        try await shop.work()
        let restored = try await shop.record(order.id)
        #expect(restored.counts.waiting == 0 && restored.counts.live == 6)
        #expect(restored.spare == 2 - there.count)
        #expect(try await shop.rows(of: order.id) == rows, "what was held is what is delivered")
        #expect(try await shop.hostState(site + "-h1") == .lost)
        #expect(try await shop.isRefused(Shop.request(1)), "what the lost site freed is nobody's")
        let again = try await shop.declareLost(site)
        #expect((again.id, again.createdAt) == (closure.id, closure.createdAt))
        #expect(try await shop.fleet.loss(of: closure.id, limit: 10) == loss, "declared again it loses nothing more")
        #expect(try await shop.breaches() == [])

        let fresh = try await agents.pull().filter { !$0.stop && $0.order == order.id }
        #expect(fresh.count == there.count && fresh.allSatisfy { !$0.host.hasPrefix(site) })
        try await agents.report(.ready, at: 601) { told in fresh.contains { $0.instance == told.instance } }
        try await shop.clock(3_601)
        try await shop.work()
        try await agents.report(.stopped, at: 3_601) { $0.order == order.id && !$0.host.hasPrefix(site) }
        #expect(try await shop.reconciler.reconcile(order.id) == .done, "the lost ones are over: nobody waits for them")
        let bill = try await shop.pool.rows(
            "SELECT amount_micro FROM report.billing_by_order WHERE order_id = \(order.id.rawValue)")[0]
        #expect(try bill.decode("amount_micro", as: Int64.self) == quote.price.amountMicro)
        #expect(try await shop.breaches() == [])
    }

    @Test(
        "a spare is counted once where two sites are lost at once, and not at all where it was at the second",
        arguments: [false, true])
    func twoSites(spareIsLost: Bool) async throws {
        let shop = try await Shop.open(sites: 4)
        let order = try await shop.order(Shop.surviving(6))
        _ = try await shop.order(Shop.request(8))
        _ = try await shop.running([order])
        let spare = try await shop.store.spareGroups(of: [order.id])[order.id, default: []]
        let spareSites = Set(spare.map(\.site))
        let groups = try await shop.store.groups(of: [order.id])[order.id, default: []]
        let others = groups.map(\.site).filter { !spareSites.contains($0) }
        let first = try #require(others.first)
        let second = try #require(spareIsLost ? spareSites.sorted().first : others.last)
        try #require(first != second)

        try await shop.clock(600)
        let losses = [try await shop.declareLost(first), try await shop.declareLost(second)]
        func covered() async throws -> [Int] {
            var covered: [Int] = []
            for loss in losses {
                let listed = try await shop.fleet.loss(of: loss.id, limit: 10).listed
                covered.append(listed.first { $0.order == order.id }?.covered ?? 0)
            }
            return covered
        }
        let before = try await covered()
        let usable = spare.reduce(0) { $1.site == second ? $0 : $0 + $1.count }
        #expect(before.reduce(0, +) == usable)
        try await shop.work()
        #expect(try await covered() == before, "what was said is what was delivered")
        #expect(
            try await shop.record(order.id).counts.waiting == groups.reduce(0) { sum, group in
                [first, second].contains(group.site) ? sum + group.count : sum
            } - usable)
        #expect(try await shop.breaches() == [])
    }

    @Test("what is lost with a site uses up no retries of its order, what fails by itself does")
    func retries() async throws {
        let shop = try await Shop.open(sites: 4)
        let order = try await shop.order(Shop.request(3))
        let agents = try await shop.running([order])
        for second in [Int64(60), 120] {
            try await shop.clock(second)
            let site = try #require(try await shop.store.groups(of: [order.id])[order.id]?.first).site
            _ = try await shop.declareLost(site)
            try await shop.work()
            #expect(try await shop.record(order.id).counts.live == 3, "second \(second)")
        }
        for second in [Int64(180), 240] {
            try await agents.pull()
            try await agents.report(.fail, at: second) { !$0.stop }
            try await shop.work()
        }
        let record = try await shop.record(order.id)
        #expect((record.lost, record.replaced, record.counts.live) == (6, 9, 0), "three of its own accord, and no more")
        #expect(try await shop.breaches() == [])
    }

    @Test("a site that is back is told to stop what runs on, and takes orders again only when it has")
    func back() async throws {
        let shop = try await Shop.open(sites: 2)
        let order = try await shop.order(Shop.request(8))
        let agents = try await shop.running([order])
        let site = try #require(try await shop.store.groups(of: [order.id])[order.id]?.first).site
        try await shop.clock(600)
        let closure = try await shop.declareLost(site)
        #expect(try await shop.record(order.id).counts.waiting == 4, "without a spare, and nowhere else is room")
        #expect(try await shop.fleet.loss(of: closure.id, limit: 10).covered == 0)

        try await agents.report(.ready, at: 650) { $0.host.hasPrefix(site) }
        #expect(try await shop.record(order.id).counts.ready == 4, "a late word raises nobody")
        guard case .tooEarly(_, unstopped: 4) = try await shop.fleet.lift(closure.id) else {
            Issue.record("the loss was lifted while four ran there")
            return
        }
        #expect(try await shop.hostState(site + "-h1") == .lost)
        let told = try await agents.pull()
        #expect(told.count == 4 && told.allSatisfy { $0.stop && $0.host.hasPrefix(site) })
        try await agents.report(.stopped, at: 700) { $0.host.hasPrefix(site) }
        #expect(try await shop.fleet.loss(of: closure.id, limit: 10).unstopped == 0)
        guard case .lifted = try await shop.fleet.lift(closure.id) else {
            Issue.record("nothing runs there any more")
            return
        }
        #expect(try await FakeAgents(shop).pull().allSatisfy { !$0.stop }, "said once, nobody need say it again")
        try await shop.work()
        #expect(try await shop.record(order.id).counts.waiting == 0, "placed anew where the site is open again")
        #expect(try await shop.breaches() == [])
    }

    @Test("an instance whose agent never spoke again is over by its own fence: the loss can be lifted")
    func fenced() async throws {
        let shop = try await Shop.open(sites: 1)
        _ = try await shop.running([try await shop.order(Shop.request(4))])
        try await shop.clock(600)
        let closure = try await shop.declareLost("1101-telecom-1")
        for (second, isLifted) in [(4_200, false), (4_201, true)] as [(Int64, Bool)] {
            try await shop.clock(second)
            let outcome = try await shop.fleet.lift(closure.id)
            #expect(outcome == .tooEarly(closure, unstopped: 4) || isLifted, "second \(second)")
        }
        #expect(try await shop.store.closure(closure.id)?.liftedAt != nil)
    }

    @Test("what has not begun moves away where it fits, and fails when it would be handed over where it does not")
    func future() async throws {
        let shop = try await Shop.open(sites: 3)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(10, start: 3_600))
        let site = try #require(try await shop.store.groups(of: [order.id])[order.id]?.max { $0.count < $1.count }).site
        let closure = try await shop.declareLost(site)
        #expect(try await shop.fleet.loss(of: closure.id, limit: 10).lost == 0)
        try await shop.sweep()
        let left = try await shop.instances(of: order.id, at: site).count
        #expect(left == 2, "two of four have found room elsewhere")
        #expect(try await shop.record(order.id).counts.planned == 10)

        try await shop.clock(3_600)
        _ = try await shop.reconciler.reconcile(order.id)
        let told = try await agents.pull()
        #expect(told.count == 8 && told.allSatisfy { !$0.host.hasPrefix(site) })
        let record = try await shop.record(order.id)
        #expect((record.counts.waiting, record.counts.failed) == (2, 2))
        #expect(try await shop.fleet.loss(of: closure.id, limit: 10).lost == 2)
        #expect(try await shop.fleet.loss(of: closure.id, limit: 10).unstopped == 0, "no agent knew of them")
        #expect(try await shop.breaches() == [])
    }

    @Test("what a crash left undone after the declaration the sweep does, of orders that end too")
    func crash() async throws {
        let shop = try await Shop.open(sites: 2)
        let orders = [try await shop.order(Shop.request(4)), try await shop.order(Shop.request(4, duration: 600))]
        _ = try await shop.running(orders)
        try await shop.clock(601)
        _ = try await shop.reconciler.reconcile(orders[1].id)
        #expect(try await shop.record(orders[1].id).counts.releasing == 4)
        for site in ["1101-telecom-1", "1201-telecom-1"] {
            try await shop.close(.loss, .site(site), drains: true)
        }
        #expect(try await shop.record(orders[0].id).counts.ready == 4)
        try await shop.sweep()
        #expect(try await shop.record(orders[0].id).counts.waiting == 4)
        #expect(try await shop.record(orders[1].id).counts.released == 4, "they were over for their customer")
        #expect(try await shop.reconciler.reconcile(orders[1].id) == .done)
        #expect(try await shop.breaches() == [])
    }

    @Test("so many are given up at once, of one order too, until all are")
    func batches() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 2)
        let orders = [try await shop.order(Shop.request(5)), try await shop.order(Shop.request(2))]
        _ = try await shop.running(orders)
        try await shop.clock(60)
        try await shop.close(.loss, .site("1101-telecom-1"), drains: true)
        try await LossSweep(store: shop.store, bell: shop.bell, instances: 3).run()
        let batches = try await shop.pool.rows(
            "SELECT count(*) AS count FROM muster.lost_instance GROUP BY xmin ORDER BY min(instance_id)")
        #expect(try batches.map { try $0.decode("count", as: Int.self) } == [3, 3, 1])
        for order in orders { #expect(try await shop.record(order.id).counts.live == 0) }
        #expect(try await shop.record(orders[0].id).lost == 5)
        #expect(try await shop.breaches() == [])
    }

    @Test("only a site is lost, and one that is not there is not found")
    func refused() async throws {
        let shop = try await Shop.open(sites: 1)
        #expect(try await shop.fleet.declareLost(site: "nowhere", reason: "r") == .notFound)
        await #expect(throws: StoreError.self) {
            try await shop.close(.loss, .host("1101-telecom-1-h1"), drains: true)
        }
        await #expect(throws: StoreError.self) {
            try await shop.close(.loss, .site("1101-telecom-1"), drains: false)
        }
    }
}

extension Shop {
    /// Hands these orders over, and has their agents say that all is ready.
    func running(_ orders: [OrderRecord]) async throws -> FakeAgents {
        let agents = FakeAgents(self)
        for order in orders { _ = try await reconciler.reconcile(order.id) }
        try await agents.pull()
        try await agents.report(.ready, at: 1)
        return agents
    }

    func declareLost(_ site: String) async throws -> Closure {
        guard case .closed(let closure) = try await fleet.declareLost(site: site, reason: "fire") else {
            throw StoreError.stale
        }
        return closure
    }

    /// Live instances of an order at a site.
    func instances(of id: OrderID, at site: String) async throws -> [Int64] {
        try await pool.rows(
            """
            SELECT i.instance_id FROM muster.instance i JOIN muster.site s USING (site_id)
             WHERE i.order_id = \(id.rawValue) AND s.name = \(site) AND i.state NOT IN ('released', 'failed')
            """
        ).map { try $0.decode("instance_id", as: Int64.self) }
    }
}
