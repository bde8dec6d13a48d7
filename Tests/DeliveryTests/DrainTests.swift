import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Postgres
import TestSupport
import Testing

@Suite("The operator's hand: cordons, maintenances and drains", .freshDatabase, .timeLimit(.minutes(5)))
struct DrainTests {
    @Test(
        "a planner that knows the fleet avoids a closed host, says so where it must refuse, and offers the time behind it"
    )
    func avoided() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 2)
        _ = try await shop.planner.current()
        try await shop.close(.maintenance, .host("1101-telecom-1-h1"), from: 1_800, to: 7_200)
        let small = try await shop.order(Shop.request(4, duration: 3_600))
        #expect(try await shop.places(small.id) == ["1101-telecom-1-h2": 4])
        let before = try await shop.order(Shop.request(4, duration: 1_800))
        #expect(try await shop.places(before.id) == ["1101-telecom-1-h1": 4])
        let outcome = try await shop.desk.order(
            Shop.request(1, start: 1_800), quoteID: nil, tenant: shop.tenant, idempotency: nil)
        guard case .refused(let refusal) = outcome else {
            Issue.record("it was planned into a maintenance")
            return
        }
        #expect(refusal.shortage.gap[0].detail.contains("is closed then"))
        let offer = try #require(refusal.offers.first { $0.kind == .later })
        #expect(
            offer.window.start == Shop.opening + .seconds(3_600), "the other host is free again before this one opens")
    }

    @Test(
        "an order whose planner did not see the cordon is planned again elsewhere, and refused where there is no elsewhere"
    )
    func stale() async throws {
        let shop = try await Shop.open(sites: 2)
        try await shop.close(.cordon, .site("1101-telecom-1"))
        let order = try await shop.order(Shop.request(4))
        #expect(try await shop.places(order.id).keys.sorted() == ["1201-telecom-1-h1"])
        #expect(try await shop.isRefused(Shop.request(1)))
        guard
            case .closed(let closure) = try await shop.fleet.close(
                NewClosure(
                    kind: .retirement, place: .site("1201-telecom-1"), start: Shop.opening + .seconds(60), reason: "r"))
        else {
            Issue.record("the site is known")
            return
        }
        let impact = try await shop.store.impact(of: closure.id, limit: 10)
        #expect(impact.listed.map(\.owner) == [.order(order.id)])
        let change = try await shop.desk.change(
            order.id, tenant: shop.tenant, .extend(to: order.window.end + .seconds(1)), revision: nil)
        guard case .refused = change else {
            Issue.record("an order was prolonged past a site's retirement")
            return
        }
    }

    @Test("a drain moves what has not begun, keeps its spread and its books, and leaves what runs")
    func drained() async throws {
        let shop = try await Shop.open(sites: 3, hosts: 2)
        let running = try await shop.order(Shop.request(3, duration: 900))
        let rule = SpreadRule(level: .site, maxPerGroup: 4, whenUnsatisfiable: .reject)
        let future = try await shop.order(Shop.request(12, start: 3_600, spread: [rule]))
        let home = try #require(try await shop.places(running.id).keys.first)
        #expect(try await shop.places(future.id).count == 3)
        let drained = try #require(try await shop.places(future.id).keys.sorted().first)
        let site = drained.split(separator: "-h")[0]
        try await shop.close(.cordon, .host(drained), drains: true)
        try await shop.sweep()
        let moved = try await shop.places(future.id)
        #expect(moved[drained] == nil)
        #expect(moved.values.reduce(0, +) == 12)
        #expect(
            moved.filter { $0.key.hasPrefix(site) }.values.reduce(0, +) == 4, "four a site, so it stays at its site")
        #expect(try await shop.places(running.id).keys.sorted() == [home])
        let record = try await shop.record(future.id)
        #expect(record.counts.planned == 12)
        #expect(try await shop.breaches() == [])
        #expect(try await shop.hostState(drained) == (drained == home ? .draining : .drained))
    }

    @Test("what fits nowhere else stays, and moves as soon as there is room; the part that fits goes at once")
    func stuck() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 2)
        let order = try await shop.order(Shop.request(4, start: 3_600))
        let drained = try #require(try await shop.places(order.id).keys.first)
        let other = try await shop.order(Shop.request(3, start: 3_600))
        try await shop.close(.cordon, .host(drained), drains: true)
        try await shop.sweep()
        #expect(try await shop.places(order.id)[drained] == 3)
        #expect(try await shop.hostState(drained) == .draining)
        _ = try await shop.desk.change(other.id, tenant: shop.tenant, .cancel, revision: nil)
        try await shop.runSweepAgain()
        #expect(try await shop.places(order.id)[drained] == nil)
        #expect(try await shop.places(order.id).values.reduce(0, +) == 4)
        #expect(try await shop.hostState(drained) == .drained)
        #expect(try await shop.breaches() == [])
    }

    @Test("what is held without running moves too, and can be drawn where it then is")
    func hold() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 3)
        let hold = try await shop.hold(6)
        let places = try await shop.places(hold.id)
        #expect(places.count == 2)
        let drained = try #require(places.keys.sorted().first)
        try await shop.close(.cordon, .host(drained), drains: true)
        try await shop.sweep()
        let moved = try await shop.places(hold.id)
        #expect(moved[drained] == nil)
        #expect(moved.values.reduce(0, +) == 6)
        let order = try await shop.drawn(Shop.request(6), from: hold.id)
        #expect(try await shop.places(order.id) == moved)
        #expect(try await shop.breaches() == [])
    }

    @Test(
        "what is held moves where its customer would rather have it, by price too",
        arguments: [(Preference(latency: 1, nearProvince: "13"), "13"), (Preference(price: 1), "21")])
    func heldByPreference(prefer: Preference, province: String) async throws {
        let shop = try await Shop.open(sites: 6)
        func held(_ request: HoldRequest) async throws -> HoldRecord {
            let outcome = try await shop.desk.hold(request, tenant: shop.tenant, idempotency: nil)
            guard case .held(let hold, _) = outcome else { throw Shop.NotHeld(outcome: outcome) }
            return hold
        }
        let there = Scope(include: [Scope.Selector(province: province)])
        let blocker = try await held(HoldRequest(unit: Shop.unit, count: 4, scope: there))
        let hold = try await held(HoldRequest(unit: Shop.unit, count: 1, prefer: prefer))
        let home = try #require(try await shop.places(hold.id).keys.first)
        _ = try await shop.desk.release(blocker.id, tenant: shop.tenant)
        // Full but for one, so that without a preference it would go there: the fullest comes first.
        let fuller = Scope(include: [Scope.Selector(province: "14")])
        _ = try await held(HoldRequest(unit: Shop.unit, count: 3, scope: fuller))
        try await shop.close(.cordon, .host(home), drains: true)
        try await shop.sweep()
        #expect(try await shop.places(hold.id) == ["\(province)01-telecom-1-h1": 1])
        #expect(try await shop.breaches() == [])
    }

    @Test("nothing is drawn on a cordoned host though it is held there")
    func drawing() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 2)
        let hold = try await shop.hold(6)
        let cordoned = try #require(try await shop.places(hold.id).keys.sorted().first)
        let open = 6 - (try await shop.places(hold.id)[cordoned] ?? 0)
        try await shop.close(.cordon, .host(cordoned))
        let outcome = try await shop.desk.order(
            Shop.request(6), from: hold.id, tenant: shop.tenant, idempotency: nil)
        guard case .refused(let refusal) = outcome else {
            Issue.record("an order started on a cordoned host")
            return
        }
        #expect(refusal.shortage.available == open)
        _ = try await shop.drawn(Shop.request(open), from: hold.id)
    }

    @Test("a drain moves an order where its affinities let it stand, though a fuller site is preferred")
    func affinities() async throws {
        let shop = try await Shop.open(sites: 3, hosts: 2)
        let running = try await shop.order(Shop.request(1, duration: 7_200))
        let home = try #require(try await shop.places(running.id).keys.first)
        let beside = OrderAffinity(.together, order: running.id, level: .site, whenUnsatisfiable: .relax)
        var with = Shop.request(2, start: 3_600)
        with.affinities = [beside]
        var without = Shop.request(2, start: 3_600)
        without.affinities = [OrderAffinity(.apart, order: running.id, level: .site)]
        let (joined, apart) = (try await shop.order(with), try await shop.order(without))
        #expect(try await shop.places(joined.id) == [home: 2])
        let refuge = try #require(try await shop.places(apart.id).keys.first)
        // What the site of the others has left is less than what any other has, and more than either needs.
        for host in [home, refuge] { try await shop.close(.cordon, .host(host), drains: true) }
        try await shop.sweep()
        let site = home.split(separator: "-h")[0]
        let moved = try await (shop.places(joined.id), shop.places(apart.id))
        #expect(moved.0[home] == nil && moved.0.keys.allSatisfy { $0.hasPrefix(site) })
        #expect(moved.1[refuge] == nil && moved.1.keys.allSatisfy { !$0.hasPrefix(site) })
        #expect(try await shop.record(joined.id).unkept == [])
        #expect(try await shop.breaches() == [])
    }

    @Test(
        "a drain asks no quota for what an order has already, keeps off sites where it may have no more, and one order's quota stops no other's"
    )
    func quotas() async throws {
        let shop = try await Shop.open(sites: 3, hosts: 2)
        let order = try await shop.order(Shop.request(2, start: 3_600))
        let home = try #require(try await shop.places(order.id).keys.first)
        let stranger = try await shop.customer("stranger")
        let outcome = try await shop.desk.order(
            Shop.request(2, start: 3_600), quoteID: nil, tenant: stranger, idempotency: nil)
        guard case .accepted(let other, _) = outcome else { throw Shop.Unserved(outcome: outcome) }
        #expect(try await shop.places(other.id) == [home: 2])
        try await shop.allow([Quota.Limit(.instances, 1)])
        let next = Scope(include: [Scope.Selector(province: "12")])
        try await shop.allow([Quota.Limit(.instances, 1)], scope: next, name: "next")
        try await shop.close(.cordon, .site("1101-telecom-1"), drains: true)
        try await shop.sweep()
        #expect(try await shop.places(order.id) == ["1301-telecom-1-h1": 2])
        #expect(try await shop.places(other.id)[home] == nil)
        #expect(try await shop.breaches() == [])
    }

    @Test("an order about to be handed over is left where it is")
    func tooLate() async throws {
        let shop = try await Shop.open(sites: 2)
        let order = try await shop.order(Shop.request(4, start: 3_600))
        let drained = try #require(try await shop.places(order.id).keys.first)
        try await shop.clock(3_580)
        try await shop.close(.cordon, .host(drained), drains: true)
        try await shop.sweep()
        #expect(try await shop.places(order.id) == [drained: 4])
    }

    @Test("a maintenance that drains moves what would be there in its window, and nothing else")
    func maintenance() async throws {
        let shop = try await Shop.open(sites: 2)
        let inside = try await shop.order(Shop.request(4, start: 3_600))
        let host = try #require(try await shop.places(inside.id).keys.first)
        let outside = try await shop.order(Shop.request(4, start: 10_000))
        #expect(try await shop.places(outside.id).keys.first == host)
        try await shop.close(.maintenance, .host(host), from: 4_000, to: 5_000, drains: true)
        try await shop.sweep()
        #expect(try await shop.places(inside.id)[host] == nil)
        #expect(try await shop.places(outside.id)[host] == 4)
    }

    @Test("whoever waits for capacity is served when a cordon is lifted")
    func waiting() async throws {
        let shop = try await Shop.open(sites: 1)
        let host = FleetPlace.host("1101-telecom-1-h1")
        try await shop.close(.cordon, host)
        let order = try await shop.order(
            Shop.request(2, fulfilment: Fulfilment(policy: .bestEffort, topUp: true)))
        func reconcile() async throws -> Bool {
            try await JobQueue.runNext([shop.reconciler], of: [ReconcileOrder.queue], in: shop.pool) != nil
        }
        while try await reconcile() {}
        #expect(try await shop.record(order.id).counts.waiting == 2)
        #expect(try await shop.fleet.uncordon(host))
        #expect(try await reconcile(), "at once, not at its next look")
        #expect(try await shop.record(order.id).counts.waiting == 0)
    }

    @Test(
        "GPUs move too: whole ones and shares onto devices with room, of orders and of holds", arguments: [false, true])
    func devices(held: Bool) async throws {
        let shop = try await Shop.withGPUs(4, hosts: 2)
        let whole = Resources(vcpuMilli: 100, memoryMiB: 64, gpuModel: "G2", gpuCount: 2)
        let share = Resources(vcpuMilli: 100, memoryMiB: 64, gpuModel: "G2", gpuShareMilli: 400)
        var places: [@Sendable () async throws -> [String: Int]] = []
        try await shop.close(.cordon, .host("gpu-2"))
        for (unit, count) in [(whole, 1), (share, 3)] {
            if held {
                let request = HoldRequest(unit: unit, count: count, duration: .seconds(3_600), grace: .zero)
                let outcome = try await shop.desk.hold(request, tenant: shop.tenant, idempotency: nil)
                guard case .held(let record, _) = outcome else { throw Shop.NotHeld(outcome: outcome) }
                places.append { try await shop.places(record.id) }
            } else {
                var request = Shop.request(count, start: 3_600)
                request.spec.resources = unit
                let order = try await shop.order(request)
                places.append { try await shop.places(order.id) }
            }
        }
        for place in places { #expect(try await place().keys.sorted() == ["gpu-1"]) }
        #expect(try await shop.fleet.uncordon(.host("gpu-2")))
        try await shop.close(.cordon, .host("gpu-1"), drains: true)
        try await shop.sweep()
        #expect(try await places[0]() == ["gpu-2": 1])
        #expect(try await places[1]() == ["gpu-2": 3])
        let used = try await shop.pool.rows(
            """
            SELECT coalesce(sum(gpu_device_milli), 0)::bigint AS milli
              FROM muster.ledger_now CROSS JOIN LATERAL unnest(gpu_devices) AS d (device)
             GROUP BY d.device ORDER BY d.device
            """
        )
        #expect(try used.map { try $0.decode("milli", as: Int.self) }.sorted() == [400, 800, 1_000, 1_000])
        #expect(try await shop.breaches() == [])
    }

    @Test("a window that is over, and a place that is not there, cannot be closed")
    func unclosable() async throws {
        let shop = try await Shop.open()
        let place = FleetPlace.host("1101-telecom-1-h1")
        let past = NewClosure(
            kind: .maintenance, place: place, start: Shop.opening - .seconds(9), end: Shop.opening, reason: "r")
        #expect(try await shop.fleet.close(past) == .past(end: Shop.opening, now: Shop.opening))
        let nowhere = NewClosure(kind: .cordon, place: .site("h1"), reason: "r")
        #expect(try await shop.fleet.close(nowhere) == .notFound)
        #expect(try await !shop.fleet.uncordon(.host("x")))
        #expect(try await shop.fleet.lift(ClosureID(rawValue: 9)) == .notFound)
    }
}
