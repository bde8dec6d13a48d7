import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("A closed host takes nothing new, whatever a planner believes", .freshDatabase, .timeLimit(.minutes(5)))
struct ClosureTests {
    @Test("a cordon keeps out what is new; what is held stays, shrinks, ends, and runs on for longer")
    func cordon() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        try await ledger.take(2, on: 0, from: 0, to: 100)
        let id = try await ledger.close(.cordon, .host("h1"))
        #expect(try await !ledger.takes(1, on: 0, from: 0, to: 10))
        #expect(try await !ledger.takes(1, on: 0, from: 900_000, to: 900_001), "a cordon has no end")
        #expect(try await ledger.takes(1, on: 1, from: 0, to: 10), "the other host is open")
        #expect(try await ledger.changes("held = tstzrange(lower(held), upper(held) + interval '1 hour')"))
        #expect(try await !ledger.changes("live_count = 3, instance_count = 3"))
        #expect(try await ledger.changes("live_count = 1"))
        #expect(try await ledger.changes("live_count = 0, released_at = muster.now()"))
        #expect(
            try await ledger.store.transaction { session in try Store.lift(id, fence: .zero, in: session) } == .lifted)
        #expect(try await ledger.takes(10, on: 0, from: 0, to: 10))
    }

    @Test("a drain lets nothing be prolonged either, and becomes a cordon again")
    func drain() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        try await ledger.take(2, on: 0, from: 0, to: 100)
        let id = try await ledger.close(.cordon, .host("h1"), drains: true)
        #expect(try await !ledger.changes("held = tstzrange(lower(held), upper(held) + interval '1 second')"))
        #expect(try await ledger.changes("held = tstzrange(lower(held), upper(held) - interval '1 second')"))
        #expect(try await ledger.close(.cordon, .host("h1")) == id, "a place is cordoned once")
        #expect(try await ledger.changes("held = tstzrange(lower(held), upper(held) + interval '1 second')"))
    }

    @Test("a maintenance keeps its window free and nothing else of the calendar")
    func maintenance() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        try await ledger.close(.maintenance, .host("h1"), from: 50, to: 60)
        #expect(try await ledger.takes(1, on: 0, from: 0, to: 50))
        #expect(try await ledger.takes(1, on: 0, from: 60, to: 70))
        #expect(try await !ledger.takes(1, on: 0, from: 49, to: 51))
        #expect(try await !ledger.takes(1, on: 0, from: 59, to: 70))
        #expect(try await !ledger.takes(1, on: 0, from: 0, to: 100))
        let later: Statement = "held = tstzrange(lower(held), upper(held) + interval '1 second')"
        #expect(try await !ledger.changes(later, where: "lower(held) = \(statement: ledger.at(0))"))
    }

    @Test("what a maintenance has met already may be prolonged behind it")
    func prolongedPast() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        try await ledger.take(1, on: 0, from: 0, to: 100)
        try await ledger.close(.maintenance, .host("h1"), from: 50, to: 60)
        #expect(try await ledger.changes("held = tstzrange(lower(held), upper(held) + interval '1 hour')"))
        #expect(try await !ledger.changes("live_count = 2, instance_count = 2"))
    }

    @Test("a site's closure is that of all its hosts, those that come later too, and of no other site's")
    func site() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        try await ledger.close(.retirement, .site("1101-telecom-1"), from: 100)
        _ = try await ledger.store.importFleet(
            sites: [
                NewSite(name: "s2", province: "31", city: "3101", carrier: .mobile, origin: "self", capabilities: [])
            ],
            hosts: [("1101-telecom-1", "h3"), ("s2", "h4")].map { site, name in
                NewHost(site: site, name: name, allocatable: Resources(vcpuMilli: 9_000, memoryMiB: 9_216))
            }
        )
        var all = ledger
        all.hosts = try await ledger.store.fleetSnapshot().hosts.map(\.id).sorted()
        for host in 0..<3 {
            #expect(try await all.takes(1, on: host, from: 0, to: 100), "host \(host): it ends by the deadline")
            #expect(try await !all.takes(1, on: host, from: 99, to: 101), "host \(host)")
            #expect(try await !all.takes(1, on: host, from: 500, to: 600), "host \(host)")
        }
        #expect(try await all.takes(1, on: 3, from: 99, to: 101))
    }

    @Test(
        "the next reading of the ledger has the closure, and the one after its end has none", arguments: [true, false])
    func seen(wholeSite: Bool) async throws {
        let ledger = try await Ledger.open(hosts: 2)
        let snapshot = try await ledger.store.fleetSnapshot()
        #expect(snapshot.closures.isEmpty)
        let id = try await ledger.close(
            .maintenance, wholeSite ? .site("1101-telecom-1") : .host("h2"), from: 50, to: 60)
        let closed = try await ledger.store.ledgerChanges(since: snapshot.horizon)
        let window = Window(start: Ledger.epoch + .seconds(50), end: Ledger.epoch + .seconds(60))
        #expect(closed.version == snapshot.version, "no planner reads the whole fleet anew for it")
        #expect(
            closed.closures.sorted { $0.host < $1.host }
                == ledger.hosts.suffix(wholeSite ? 2 : 1).map { HostClosure(host: $0, window: window) })
        #expect(try await ledger.store.fleetSnapshot().closures.count == (wholeSite ? 2 : 1))
        _ = try await ledger.store.transaction { session in try Store.lift(id, fence: .zero, in: session) }
        let opened = try await ledger.store.ledgerChanges(since: closed.horizon)
        #expect(opened.hosts.contains(ledger.hosts[1]))
        #expect(opened.closures.isEmpty)
    }

    @Test("a writer that began before the closure was made does not slip past it", arguments: Isolation.allCases)
    func race(isolation: Isolation) async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let writer = try await Session.connect(FreshDatabase.current.configuration)
        try await writer.script(
            unchecked: "BEGIN ISOLATION LEVEL \(isolation.rawValue); SELECT count(*) FROM muster.closure")
        try await ledger.close(.cordon, .host("h1"))
        await #expect(throws: PostgresError.self) {
            try await writer.execute(
                """
                INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib,
                                                disk_gib, bandwidth_mbps, gpu_count)
                VALUES (\(ledger.order.rawValue), \(ledger.hosts[0].rawValue), tstzrange(now(), now() + interval '1 hour'),
                        1, 1, 1000, 1024, 0, 0, 0)
                """
            )
        }
        await writer.close()
    }

    @Test("the impact lists what a closure meets, the running and the future, and counts what it leaves out")
    func impact() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        try await ledger.take(2, on: 0, from: -2_000_000_000, to: 55)
        try await ledger.take(3, on: 0, from: 55, to: 80)
        try await ledger.take(1, on: 0, from: 60, to: 80)
        try await ledger.take(4, on: 1, from: 0, to: 100)
        let id = try await ledger.close(.maintenance, .host("h1"), from: 50, to: 60)
        let impact = try await ledger.store.impact(of: id, limit: 10)
        #expect(impact.listed.map(\.count) == [2, 3])
        #expect(impact.listed.map(\.isRunning) == [true, false])
        #expect(impact.listed.allSatisfy { $0.host == "h1" && $0.tenant == "t" && $0.owner == .order(ledger.order) })
        let cut = try await ledger.store.impact(of: id, limit: 1)
        #expect(cut.listed == [impact.listed[0]])
        #expect((cut.reservations, cut.instances, cut.runningInstances) == (2, 5, 2))
    }

    @Test("hosts and sites say where they stand, and what is free leaves closed hosts out")
    func states() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        func state(_ host: Int) async throws -> ServingState {
            try await ledger.store.hosts(site: nil, after: nil, limit: 9)[host].state
        }
        func freeCores() async throws -> Int64 {
            try await ledger.store.pool.rows("SELECT free FROM report.capacity_now WHERE resource = 'vcpu_milli'")[0]
                .decode("free", as: Int64.self)
        }
        #expect(try await state(0) == .open)
        #expect(try await freeCores() == 20_000)
        try await ledger.take(1, on: 0, from: 0, to: 100)
        try await ledger.close(.cordon, .host("h1"), drains: true)
        #expect(try await state(0) == .draining)
        #expect(try await state(1) == .open)
        #expect(try await freeCores() == 10_000)
        _ = try await ledger.changes("live_count = 0, released_at = muster.now()")
        #expect(try await state(0) == .drained)
        try await ledger.close(.retirement, .site("1101-telecom-1"), from: 0)
        #expect(try await state(1) == .retiring)
        let site = try await ledger.store.sites(after: nil, limit: 9)[0]
        #expect(site.state == .retiring)
        #expect(site.closures.map(\.kind) == [.retirement])
        #expect(try await ledger.store.transaction { try Store.uncordon(.host("h1"), in: $0) })
        #expect(try await state(0) == .retiring)
        #expect(try await !ledger.store.transaction { try Store.uncordon(.host("h9"), in: $0) })
    }
}

extension Ledger {
    /// Closes a place, in seconds after the epoch.
    @discardableResult
    func close(
        _ kind: Closure.Kind, _ place: FleetPlace, from start: Int64? = nil, to end: Int64? = nil, drains: Bool = false
    ) async throws -> ClosureID {
        let new = NewClosure(
            kind: kind, place: place, start: start.map { Self.epoch + .seconds($0) },
            end: end.map { Self.epoch + .seconds($0) }, drains: drains, reason: "a test"
        )
        return try #require(await store.transaction { session in try Store.close(new, in: session) })
    }

    func at(_ seconds: Int64) -> Statement { "\((Self.epoch + .seconds(seconds)).postgres)::timestamptz" }

    /// Whether the database lets the reservations change so; any error but its refusal is thrown.
    func changes(_ change: Statement, where condition: Statement = "true") async throws -> Bool {
        do {
            try await store.pool.execute(
                "UPDATE muster.reservation SET \(statement: change) WHERE \(statement: condition)")
            return true
        } catch {
            guard StoreError(error).isOversold else { throw error }
            return false
        }
    }
}
