import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Metering
import Postgres
import TestSupport
import Testing

@Suite("The waiting list: freed capacity goes round in order", .freshDatabase, .timeLimit(.minutes(5)))
struct WaitingListTests {
    /// Takes what there is and waits for the rest.
    private static let patient = Fulfilment(policy: .bestEffort, topUp: true)

    @Test("an order that waits may begin with none, and gets what comes free without being asked again")
    func beginsWithNone() async throws {
        let shop = try await Shop.open(sites: 1)
        let hold = try await shop.hold(4)
        let request = Shop.request(2, fulfilment: Self.patient)
        guard case .quoted(let quote) = try await shop.desk.quote(request, tenant: shop.tenant) else {
            Issue.record("it may wait for both")
            return
        }
        #expect(quote.count == 0 && quote.missing == 2 && quote.price.amountMicro == 0)
        let order = try await shop.order(request)
        #expect(order.counts == OrderCounts(requested: 2, waiting: 2))
        try await shop.work()
        #expect(try await shop.record(order.id).counts.waiting == 2)
        #expect(try await shop.desk.release(hold.id, tenant: shop.tenant) != .notFound)
        try await shop.work()
        #expect(try await shop.record(order.id).counts.reserved == 2)
        #expect(try await shop.breaches() == [])
    }

    @Test("what never fits is refused at once, however patient its customer is")
    func neverFits() async throws {
        let shop = try await Shop.open(sites: 1)
        var large = Shop.request(1, fulfilment: Self.patient)
        large.spec.resources.vcpuMilli = 5_000
        #expect(try await shop.isRefused(large))
        var elsewhere = Shop.request(1, fulfilment: Self.patient)
        elsewhere.scope.include = [Scope.Selector(province: "65")]
        #expect(try await shop.isRefused(elsewhere))
        let split = [SpreadRule(level: .site, minGroups: 2, whenUnsatisfiable: .reject)]
        #expect(try await shop.isRefused(Shop.request(2, fulfilment: Self.patient, spread: split)))
    }

    @Test("who waits longer is served first, whoever looks first")
    func firstComeFirstServed() async throws {
        let shop = try await Shop.open(sites: 1)
        let hold = try await shop.hold(4)
        let first = try await shop.order(Shop.request(3, fulfilment: Self.patient))
        let second = try await shop.order(Shop.request(3, fulfilment: Self.patient))
        _ = try await shop.desk.release(hold.id, tenant: shop.tenant)

        _ = try await shop.reconciler.reconcile(second.id)
        #expect(try await shop.record(second.id).counts.reserved == 1, "the first could take three of the four")
        _ = try await shop.reconciler.reconcile(first.id)
        #expect(try await shop.record(first.id).counts.reserved == 3)
        #expect(try await shop.breaches() == [])
    }

    @Test("a newcomer, be it an order, a quote, a hold or more of an order, gets only what the list leaves")
    func newcomers() async throws {
        let shop = try await Shop.open(sites: 1)
        let running = try await shop.order(Shop.request(1))
        let hold = try await shop.hold(3)
        let patient = try await shop.order(Shop.request(2, fulfilment: Self.patient))
        _ = try await shop.desk.release(hold.id, tenant: shop.tenant)

        #expect(try await shop.isRefused(Shop.request(2)))
        guard case .refused = try await shop.desk.quote(Shop.request(2), tenant: shop.tenant) else {
            Issue.record("a quote promises nothing that an order would not get")
            return
        }
        let wanted = HoldRequest(unit: Shop.unit, count: 2)
        let held = try await shop.desk.hold(wanted, tenant: shop.tenant, idempotency: nil)
        guard case .refused = held else {
            Issue.record("nor is there room for a hold: \(held)")
            return
        }
        let more = try await shop.desk.change(running.id, tenant: shop.tenant, .scale(to: 3), revision: nil)
        guard case .refused = more else {
            Issue.record("nor to scale up: \(more)")
            return
        }
        #expect(try await !shop.isRefused(Shop.request(1)), "one core is left over")
        _ = try await shop.reconciler.reconcile(patient.id)
        #expect(try await shop.record(patient.id).counts.reserved == 2)
        #expect(try await shop.breaches() == [])
    }

    @Test("nothing is kept from anybody that the list has no use for")
    func leavesTheRest() async throws {
        let shop = try await Shop.open(sites: 1)
        let hold = try await shop.hold(4, duration: 3_600)
        _ = try await shop.order(Shop.request(4, fulfilment: Self.patient))
        _ = try await shop.desk.release(hold.id, tenant: shop.tenant)
        #expect(try await !shop.isRefused(Shop.request(4, start: 3_600)), "the list waits for the hour before")
        #expect(try await shop.isRefused(Shop.request(1, start: 3_599, duration: 1)))
    }

    @Test("what an order waits for is set aside where its affinities let it stand, and nowhere else")
    func affinity() async throws {
        let shop = try await Shop.open(sites: 2)
        let first = try await shop.order(Shop.request(2))
        let home = try #require(try await shop.store.groups(of: [first.id])[first.id]?.first?.province)
        let hold = try await shop.hold(6)
        var apart = Shop.request(2, fulfilment: Self.patient)
        apart.affinities = [OrderAffinity(.apart, order: first.id, level: .site)]
        let second = try await shop.order(apart)
        #expect(second.counts.waiting == 2)
        _ = try await shop.desk.release(hold.id, tenant: shop.tenant)

        func isRefused(_ count: Int, at province: String) async throws -> Bool {
            var newcomer = Shop.request(count)
            newcomer.scope.include = [Scope.Selector(province: province)]
            return try await shop.isRefused(newcomer)
        }
        let away = home == "11" ? "12" : "11"
        #expect(try await isRefused(3, at: away), "two of its four cores are waited for")
        #expect(try await !isRefused(2, at: home), "the free cores beside the first are of no use to the second")
        _ = try await shop.reconciler.reconcile(second.id)
        #expect(try await shop.record(second.id).counts.reserved == 2)
        #expect(try await shop.breaches() == [])
    }

    @Test("instances that stop wake the list; past its deadline an order waits no more")
    func stopsWake() async throws {
        let shop = try await Shop.open(sites: 1)
        let agents = FakeAgents(shop)
        let running = try await shop.order(Shop.request(4))
        let waits = Fulfilment(policy: .bestEffort, deadline: .seconds(600), topUp: true)
        let patient = try await shop.order(Shop.request(3, duration: 7_200, fulfilment: waits))
        _ = try await shop.reconciler.reconcile(running.id)
        try await agents.pull()
        try await agents.report(.start, at: 1)
        try await agents.report(.ready, at: 2)
        guard case .changed = try await shop.desk.change(running.id, tenant: shop.tenant, .scale(to: 2), revision: nil)
        else {
            Issue.record("an order can be scaled down")
            return
        }
        try await shop.work()
        #expect(try await shop.record(patient.id).counts.waiting == 3, "nothing is free before a stop is confirmed")
        try await agents.pull()
        try await agents.report(.stopped, at: 10) { $0.stop }
        try await shop.work()
        #expect(try await shop.record(patient.id).counts.waiting == 1)

        try await shop.clock(601)
        _ = try await shop.reconciler.reconcile(patient.id)
        #expect(try await shop.record(patient.id).counts.refused == 1)
        #expect(try await !shop.isRefused(Shop.request(1, start: 3_600)), "nothing is set aside for it any more")
        #expect(try await shop.breaches() == [])
    }

    /// One core each in the province of one site.
    private static func request(_ count: Int, in province: String, fulfilment: Fulfilment = .allOrNothing)
        -> OrderRequest
    {
        var request = Shop.request(count, fulfilment: fulfilment)
        request.scope.include = [Scope.Selector(province: province)]
        return request
    }

    @Test("however many wait before them for what is full, those behind are served in their order too")
    func longList() async throws {
        let shop = try await Shop.open(sites: 2)
        let hold = try await shop.hold(8)
        for _ in 0..<33 { _ = try await shop.order(Self.request(1, in: "12", fulfilment: Self.patient)) }
        let first = try await shop.order(Self.request(3, in: "11", fulfilment: Self.patient))
        let second = try await shop.order(Self.request(3, in: "11", fulfilment: Self.patient))
        _ = try await shop.desk.release(hold.id, tenant: shop.tenant)
        // Who stands before them has use for all of the other site, and takes it.
        #expect(try await shop.isRefused(Self.request(1, in: "12")))
        #expect(try await shop.isRefused(Self.request(1, in: "11")))
        _ = try await shop.reconciler.reconcile(second.id)
        #expect(try await shop.record(second.id).counts.reserved == 1, "the first could take three of the four")
        _ = try await shop.reconciler.reconcile(first.id)
        #expect(try await shop.record(first.id).counts.reserved == 3)
        #expect(try await shop.breaches() == [])
    }

    @Test("orders of one tenant that wait under one quota set aside what it leaves once, the first of them first")
    func sharedQuota() async throws {
        let shop = try await Shop.open(sites: 2)
        let rival = try await shop.customer("rival")
        let hold = HoldRequest(unit: Shop.unit, count: 8)
        guard case .held(let held, _) = try await shop.desk.hold(hold, tenant: rival, idempotency: nil) else {
            Issue.record("an empty fleet has room for it")
            return
        }
        try await shop.allow([Quota.Limit(.instances, 3)])
        let first = try await shop.order(Shop.request(3, fulfilment: Self.patient))
        let second = try await shop.order(Shop.request(3, fulfilment: Self.patient))
        _ = try await shop.desk.release(held.id, tenant: rival)

        _ = try await shop.reconciler.reconcile(second.id)
        #expect(
            try await shop.record(second.id).counts.reserved == 0, "the quota leaves three, and the first takes them")
        func isRefused(_ count: Int) async throws -> Bool {
            let outcome = try await shop.desk.quote(Shop.request(count), tenant: rival)
            if case .refused = outcome { return true } else { return false }
        }
        #expect(try await isRefused(6))
        #expect(try await !isRefused(5), "three of the eight are set aside")
        _ = try await shop.reconciler.reconcile(first.id)
        #expect(try await shop.record(first.id).counts.reserved == 3)
        #expect(try await shop.breaches() == [])
    }

    @Test("behind the bound nobody is served before his turn, newcomers neither, and a full list takes no more")
    func bound() async throws {
        let shop = try await Shop.open(sites: 2)
        let hold = try await shop.hold(8)
        let ahead = try await shop.order(Self.request(1, in: "12", fulfilment: Self.patient))
        let last = try await shop.order(Self.request(2, in: "11", fulfilment: Self.patient))
        try await shop.pool.copyWaitingOrder(ahead.id.rawValue, Store.waitingLimit - 2)
        #expect(try await shop.isRefused(Self.request(2, in: "11", fulfilment: Self.patient)), "no more may wait")
        try await shop.pool.copyWaitingOrder(ahead.id.rawValue, 1, from: Store.waitingLimit)
        _ = try await shop.desk.release(hold.id, tenant: shop.tenant)

        _ = try await shop.reconciler.reconcile(last.id)
        #expect(try await shop.record(last.id).counts.waiting == 2, "it is not its turn")
        #expect(try await shop.isRefused(Self.request(1, in: "11")), "nor that of who comes later")
        try await shop.pool.execute(
            "UPDATE muster.\"order\" SET refused_count = waiting_count, waiting_count = 0 WHERE order_id < 0")
        _ = try await shop.reconciler.reconcile(last.id)
        #expect(try await shop.record(last.id).counts.reserved == 2)
        #expect(try await !shop.isRefused(Self.request(2, in: "11")))
    }

    @Test(
        "the last place is one process's: the other, who saw it free, is told that the list is full",
        arguments: [false, true])
    func lastPlace(isDrawn: Bool) async throws {
        let shop = try await Shop.open(sites: 1)
        let hold = try await shop.hold(1)
        _ = try await shop.hold(3)
        let patient = Shop.request(2, fulfilment: Self.patient)
        let ahead = try await shop.order(patient)
        try await shop.pool.copyWaitingOrder(ahead.id.rawValue, Store.waitingLimit - 2)
        let window = patient.timing.window(at: Shop.opening)
        let rival = NewOrder(
            tenant: try await shop.customer("rival"), request: patient, window: window, plan: Plan(groups: []),
            rates: [],
            idempotency: nil)
        let (joined, joining) = AsyncStream.makeStream(of: Void.self)
        // The other process has joined the list and is about to commit.
        async let rivalry: Void = shop.store.transaction { session in
            _ = try Store.insert(rival, in: session)
            try session.execute("SET CONSTRAINTS ALL IMMEDIATE")
            joining.yield()
            while try !Shop.isInTheWay(session) {}
        }
        for await _ in joined { break }
        let outcome =
            isDrawn
            ? try await shop.desk.order(patient, from: hold.id, tenant: shop.tenant, idempotency: nil)
            : try await shop.desk.order(patient, quoteID: nil, tenant: shop.tenant, idempotency: nil)
        try await rivalry
        guard case .refused(let refusal) = outcome else { throw Shop.Unserved(outcome: outcome) }
        #expect(refusal.shortage.gap.map(\.bound) == [.waiting])
        #expect(refusal.shortage.gap.first?.detail == Store.waitingListIsFull)
        let waiting: Int = try await shop.pool.rows("SELECT count(*) FROM muster.\"order\" WHERE waiting_count > 0")[0]
            .decode(0)
        #expect(waiting == Store.waitingLimit)
        #expect(try await shop.breaches() == [])
    }
}
