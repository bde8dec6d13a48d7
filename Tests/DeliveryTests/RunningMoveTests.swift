import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Placement
import Postgres
import TestSupport
import Testing

@Suite("Moving what runs", .freshDatabase, .timeLimit(.minutes(5)))
struct RunningMoveTests {
    @Test("what runs moves only if asked to, replacement first, and is billed once, without a gap")
    func story() async throws {
        let (shop, agents, moved) = try await twoRunning(1)
        #expect(try await shop.desk.repack(moves: 10, apply: true).moves.isEmpty)
        let outcome = try await shop.desk.repack(moves: 10, running: true, apply: true)
        #expect(outcome.moves.map(\.isMade) == [true] && outcome.moves.map(\.isRunning) == [true])
        #expect(outcome.moves.map(\.owner) == [.order(moved)] && outcome.hostsEmptied == 1)
        #expect(try await shop.usedHosts().count == 2)
        let begun = try await shop.record(moved)
        #expect(begun.counts.ready == 1 && begun.counts.planned == 1 && begun.request.count == 1)
        #expect(try await shop.shown(moved) == outcome.moves.map(\.from))
        #expect(try await shop.desk.repack(moves: 10, running: true, apply: true).moves.allSatisfy { !$0.isMade })

        _ = try await shop.reconciler.reconcile(moved)
        let new = try #require(try await agents.pull().first)
        #expect(!new.stop)
        #expect(try await agents.pull().isEmpty, "the old one was told to stop before the new one is ready")
        try await shop.clock(620)
        try await agents.report(.ready, at: 620) { $0.instance == new.instance }
        _ = try await shop.reconciler.reconcile(moved)
        let old = try #require(try await agents.pull().first)
        #expect(try await shop.shown(moved) == outcome.moves.map(\.to))
        #expect(old.stop && old.instance != new.instance)
        try await shop.clock(650)
        try await agents.report(.stopped, at: 640) { $0.instance == old.instance }
        _ = try await shop.reconciler.reconcile(moved)
        #expect(try await shop.usedHosts().count == 1)
        #expect(try await shop.record(moved).state == .active)
        try await end(shop, agents, [moved], sparing: [old.instance])
        #expect(try await billed(moved, in: shop) == 7_200)
        #expect(try await shop.breaches() == [])
    }

    @Test("where the replacement fails, what runs stays, and nothing more is looked for")
    func failed() async throws {
        let (shop, agents, moved) = try await twoRunning(1)
        _ = try await shop.desk.repack(moves: 10, running: true, apply: true)
        _ = try await shop.reconciler.reconcile(moved)
        let new = try #require(try await agents.pull().first)
        try await agents.report(.fail, at: 610) { $0.instance == new.instance }
        _ = try await shop.reconciler.reconcile(moved)
        #expect(try await agents.pull().isEmpty)
        let counts = try await shop.record(moved).counts
        #expect(counts.ready == 1 && counts.waiting == 0 && counts.planned == 0 && counts.failed == 1)
        try await end(shop, agents, [moved], sparing: [new.instance])
        #expect(try await billed(moved, in: shop) == 7_200)
        #expect(try await shop.breaches() == [])
    }

    @Test("where the old one fails first, its replacement is there already, and is the only one")
    func oldFailed() async throws {
        let (shop, agents, moved) = try await twoRunning(1)
        _ = try await shop.desk.repack(moves: 10, running: true, apply: true)
        _ = try await shop.reconciler.reconcile(moved)
        let new = try #require(try await agents.pull().first)
        let old = try #require(try await shop.live(of: moved).first { $0 != new.instance })
        try await agents.report(.fail, at: 610) { $0.instance == old }
        _ = try await shop.reconciler.reconcile(moved)
        let counts = try await shop.record(moved).counts
        #expect(counts.assigned == 1 && counts.waiting == 0 && counts.planned == 0)
        try await agents.report(.ready, at: 610) { $0.instance == new.instance }
        try await end(shop, agents, [moved], sparing: [old])
        // It served from the first second to the 610th, and its replacement from then on.
        #expect(try await billed(moved, in: shop) == 7_200)
        #expect(try await shop.breaches() == [])
    }

    @Test("a pair is one instance to a smaller count, and to a cancellation")
    func givenBack() async throws {
        let (shop, agents, moved) = try await twoRunning(2)
        _ = try await shop.desk.repack(moves: 10, running: true, apply: true)
        #expect(try await shop.record(moved).counts.planned == 2)
        _ = try await shop.desk.change(moved, tenant: shop.tenant, .scale(to: 1), revision: nil)
        try await obey(shop, agents, moved)
        #expect(try await shop.live(of: moved).count == 1)
        #expect(try await shop.record(moved).request.count == 1)
        #expect(try await shop.usedHosts().count == 1)

        _ = try await shop.desk.change(moved, tenant: shop.tenant, .cancel, revision: nil)
        try await obey(shop, agents, moved)
        #expect(try await shop.record(moved).state == .settled)
        #expect(try await shop.breaches() == [])
    }

    @Test("to a smaller count a pair is one instance, not two of those that are too many")
    func counted() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 4)
        let apart = SpreadRule(level: .host, maxPerGroup: 1, whenUnsatisfiable: .reject)
        let order = try await shop.order(Shop.request(3, duration: 7_200, spread: [apart]))
        let agents = FakeAgents(shop)
        try await obey(shop, agents, order.id)
        let rows = try await shop.store.runningRows(for: .seconds(600), limit: 10).map(\.row)
        let hosts = try await shop.planner.current().inventory.hosts.map(\.id)
        let free = try #require(hosts.first { host in !rows.contains { $0.host == host } })
        // The youngest instance: the first to go when there are too many.
        let last = try #require(rows.max { $0.id < $1.id })
        let begun = try await shop.store.transaction { session in
            try Store.beginMoves([RowMove(row: last, to: free)], rest: .seconds(600), in: session)
        }
        #expect(rows.count == 3 && begun.map(\.row) == [last.id])
        _ = try await shop.desk.change(order.id, tenant: shop.tenant, .scale(to: 1), revision: nil)
        try await obey(shop, agents, order.id)
        #expect(try await shop.live(of: order.id).count == 1)
        #expect(try await shop.breaches() == [])
    }

    @Test("a cancellation while it moves leaves neither of the two")
    func cancelled() async throws {
        let (shop, agents, moved) = try await twoRunning(1)
        _ = try await shop.desk.repack(moves: 10, running: true, apply: true)
        _ = try await shop.reconciler.reconcile(moved)
        try await agents.pull()
        _ = try await shop.desk.change(moved, tenant: shop.tenant, .cancel, revision: nil)
        try await obey(shop, agents, moved)
        #expect(try await shop.record(moved).state == .settled)
        #expect(try await shop.live(of: moved).isEmpty)
        #expect(try await shop.breaches() == [])
    }

    /// Two active orders, one of `count` and one of a single instance, each alone on a host, ten minutes after opening. The first
    /// is the one that a re-packing moves.
    private func twoRunning(_ count: Int) async throws -> (Shop, FakeAgents, OrderID) {
        let shop = try await Shop.open(sites: 1, hosts: 3)
        let first = try await shop.order(Shop.request(count, duration: 7_200))
        let second = try await shop.order(Shop.request(1, duration: 7_200))
        try await shop.scatter("reservation_id = (SELECT max(reservation_id) FROM muster.reservation)")
        let agents = FakeAgents(shop)
        for id in [first.id, second.id] { _ = try await shop.reconciler.reconcile(id) }
        try await agents.pull()
        try await agents.report(.ready, at: 5)
        for id in [first.id, second.id] { _ = try await shop.reconciler.reconcile(id) }
        try await shop.clock(600)
        return (shop, agents, first.id)
    }

    /// Lets agents do whatever they are told, until there is nothing more.
    private func obey(_ shop: Shop, _ agents: FakeAgents, _ id: OrderID) async throws {
        for _ in 0..<5 {
            _ = try await shop.reconciler.reconcile(id)
            let told = try await agents.pull()
            let (stops, starts) = (Set(told.filter(\.stop).map(\.instance)), Set(told.map(\.instance)))
            try await agents.report(.stopped, at: 600) { stops.contains($0.instance) }
            try await agents.report(.ready, at: 600) { starts.contains($0.instance) && !stops.contains($0.instance) }
        }
    }

    private func end(
        _ shop: Shop, _ agents: FakeAgents, _ orders: [OrderID], sparing over: Set<InstanceID>
    ) async throws {
        try await shop.clock(7_200)
        for id in orders { _ = try await shop.reconciler.reconcile(id) }
        try await agents.report(.stopped, at: 7_200) { !over.contains($0.instance) && orders.contains($0.order) }
        for id in orders { #expect(try await shop.reconciler.reconcile(id) == .done) }
    }

    private func billed(_ id: OrderID, in shop: Shop) async throws -> Int {
        let rows = try await shop.pool.rows(
            "SELECT instance_seconds FROM report.billing_by_order WHERE order_id = \(id.rawValue)")
        return try rows[0].decode("instance_seconds", as: Int.self)
    }
}

extension Shop {
    /// The hosts of the order that its customer is shown, for each instance one.
    fileprivate func shown(_ id: OrderID) async throws -> [String] {
        (try await store.groups(of: [id])[id] ?? []).flatMap { [String](repeating: $0.host, count: $0.count) }
    }

    /// The order's instances that are not over.
    fileprivate func live(of id: OrderID) async throws -> [InstanceID] {
        let rows = try await pool.rows(
            """
            SELECT instance_id FROM muster.instance
             WHERE order_id = \(id.rawValue) AND state NOT IN ('released', 'failed') ORDER BY instance_id
            """
        )
        return try rows.map { InstanceID(rawValue: try $0.decode("instance_id", as: Int64.self)) }
    }
}
