import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("The database refuses to oversell", .freshDatabase, .timeLimit(.minutes(5)))
struct OversellTests {
    @Test("ten cores hold ten at every instant, and not eleven at any")
    func exact() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        #expect(try await ledger.takes(6, on: 0, from: 0, to: 100))
        #expect(try await ledger.takes(4, on: 0, from: 50, to: 150))
        #expect(try await !ledger.takes(1, on: 0, from: 99, to: 101), "one second of both")
        #expect(try await ledger.takes(6, on: 0, from: 100, to: 200), "adjacent windows share an instant with nobody")
        #expect(try await !ledger.takes(5, on: 0, from: 0, to: 1_000))
        #expect(try await !ledger.takes(11, on: 1, from: 0, to: 1))
        #expect(try await ledger.oversold() == 0)
    }

    @Test("a statement that takes too much with one of its rows takes nothing at all")
    func allOrNothing() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        let groups = [
            Plan.Group(host: ledger.hosts[0], site: SiteID(rawValue: 1), count: 10),
            Plan.Group(host: ledger.hosts[1], site: SiteID(rawValue: 1), count: 11),
        ]
        let order = ledger.order
        await #expect(throws: StoreError.self) {
            try await ledger.store.transaction { session in try Store.reserve(groups, for: order, in: session) }
        }
        #expect(try await ledger.store.pool.rows("SELECT 1 FROM muster.reservation").isEmpty)
        #expect(try await ledger.store.pool.rows("SELECT 1 FROM muster.instance").isEmpty)
    }

    @Test("of orders reserved in one statement each is held to its own time, on the hosts that they share as well")
    func severalOrders() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        let (store, first) = (ledger.store, ledger.order)
        let second = try await store.transaction { session in
            try session.execute(
                """
                UPDATE muster."order" SET window_end = window_start + interval '100 seconds'
                 WHERE order_id = \(first.rawValue)
                """
            )
            return OrderID(
                rawValue: try session.rows(
                    """
                    INSERT INTO muster."order"
                           (tenant_id, kind, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count, image, command,
                            environment, scope, spread, window_start, window_end, lead_seconds, grace_seconds, policy,
                            top_up, requested_count, waiting_count)
                    SELECT tenant_id, kind, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count, image, command,
                           environment, scope, spread, window_end, window_end + interval '100 seconds', lead_seconds,
                           grace_seconds, policy, top_up, requested_count, waiting_count
                      FROM muster."order"
                    RETURNING order_id
                    """
                )[0].decode("order_id"))
        }
        #expect(try await !ledger.reserves([(first, 0, 10), (second, 1, 11)]))
        #expect(try await !ledger.reserves([(first, 0, 6), (second, 1, 1), (first, 0, 5)]), "both on one host")
        #expect(try await ledger.reserves([(first, 0, 10), (second, 0, 10)]), "one after the other")
        #expect(try await !ledger.reserves([(second, 0, 1), (first, 1, 10)]))
        #expect(try await ledger.reserves([(first, 1, 10), (second, 1, 9)]))
        #expect(try await ledger.oversold() == 0)
        #expect(try await store.pool.rows("SELECT 1 FROM report.unbalanced").isEmpty)
    }

    @Test("a reservation may not grow, lengthen or come back to life where there is no room")
    func growing() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        try await ledger.take(5, on: 0, from: 0, to: 100)
        try await ledger.take(10, on: 0, from: 100, to: 200)
        let pool = ledger.store.pool
        func refused(_ change: Statement) async -> Bool {
            do {
                try await pool.execute(
                    "UPDATE muster.reservation SET \(statement: change) WHERE live_count = 5")
                return false
            } catch {
                return StoreError(error).isOversold
            }
        }
        #expect(await refused("vcpu_milli = 2001"))
        #expect(await refused("instance_count = 11, live_count = 11"))
        #expect(await refused("held = tstzrange(lower(held), upper(held) + interval '1 second')"))
        #expect(await !refused("held = tstzrange(lower(held), upper(held) - interval '1 second')"))
    }

    @Test("a host may not shrink below what is reserved on it")
    func shrinkingHost() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        try await ledger.take(5, on: 0, from: 0, to: 100)
        let pool = ledger.store.pool
        try await pool.execute("UPDATE muster.host SET vcpu_milli = 5000")
        await #expect(throws: PostgresError.self) { try await pool.execute("UPDATE muster.host SET vcpu_milli = 4999") }
    }

    @Test("a host does not move to another site while something is reserved on it")
    func movingHost() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let pool = ledger.store.pool
        try await pool.execute(
            """
            INSERT INTO muster.site (name, province, city, carrier, origin)
            VALUES ('1201-telecom-1', '12', '1201', 'telecom', 'self')
            """
        )
        func move() async throws {
            try await pool.execute("UPDATE muster.host SET site_id = (SELECT max(site_id) FROM muster.site)")
        }
        try await ledger.take(1, on: 0, from: 0, to: 100)
        await #expect(throws: PostgresError.self) { try await move() }
        try await pool.execute("UPDATE muster.reservation SET live_count = 0, released_at = muster.now()")
        try await move()
    }

    @Test("a stop that is late keeps its host taken")
    func overrun() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let pool = ledger.store.pool
        try await pool.execute(
            """
            INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib,
                                            disk_gib, bandwidth_mbps, gpu_count)
            VALUES (\(ledger.order.rawValue), \(ledger.hosts[0].rawValue),
                    tstzrange(muster.now() - interval '1 hour', muster.now() - interval '1 second'), 10, 10,
                    1000, 1024, 0, 0, 0)
            """
        )
        func takeNow() async throws {
            try await pool.execute(
                """
                INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli,
                                                memory_mib, disk_gib, bandwidth_mbps, gpu_count)
                VALUES (\(ledger.order.rawValue), \(ledger.hosts[0].rawValue),
                        tstzrange(muster.now(), muster.now() + interval '1 hour'), 1, 1, 1000, 1024, 0, 0, 0)
                """
            )
        }
        await #expect(throws: PostgresError.self) { try await takeNow() }
        try await pool.execute("UPDATE muster.reservation SET live_count = 0, released_at = muster.now()")
        try await takeNow()
    }

    @Test("writers at every isolation level, all on the same hosts, never oversell together")
    func concurrentWriters() async throws {
        let ledger = try await Ledger.open(hosts: 3)
        let seed = UInt64.random(in: 0..<1_000_000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var random = Lottery(state: seed &+ UInt64(writer) &* 7_919)
                    for _ in 0..<60 {
                        let start = Int64(random.next(below: 40))
                        let length = Int64(1 + random.next(below: 20))
                        let count = 1 + random.next(below: 6)
                        let host = random.next(below: 3)
                        let isolation = Isolation.allCases[random.next(below: Isolation.allCases.count)]
                        try await ledger.write(count, host, start, start + length, isolation)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await ledger.oversold() == 0, "seed \(seed)")
        #expect(try await ledger.store.pool.rows("SELECT 1 FROM muster.reservation").count > 10, "seed \(seed)")
    }
}

extension Ledger {
    /// As ``take(_:on:from:to:)``, at a level of isolation; refusals and exhausted retries are fine.
    func write(_ count: Int, _ host: Int, _ start: Int64, _ end: Int64, _ isolation: Isolation) async throws {
        let (order, host) = (order.rawValue, hosts[host].rawValue)
        let (from, until) = ((Self.epoch + .seconds(start)).postgres, (Self.epoch + .seconds(end)).postgres)
        do {
            _ = try await store.pool.transaction(isolation: isolation, attempts: 20) { session in
                try session.execute(
                    """
                    INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli,
                                                    memory_mib, disk_gib, bandwidth_mbps, gpu_count)
                    VALUES (\(order), \(host), tstzrange(\(from), \(until)), \(count), \(count), 1000, 1024, 0, 0, 0)
                    """
                )
            }
        } catch {
            switch StoreError(error) {
            case .oversold, .quotaExceeded, .retryable: return
            case .broken(let cause) where cause.isOfSnapshot: return
            case .stale, .waitingListFull, .broken: throw error
            }
        }
    }
}

extension PostgresError {
    /// Whether the ledger refused a transaction that reads by one snapshot.
    var isOfSnapshot: Bool { sqlState == "25000" }
}

extension StoreError {
    var isOversold: Bool { if case .oversold = self { true } else { false } }
}

/// A small generator with a printed seed.
struct Lottery {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}

extension Ledger {
    /// Whether the database lets all of them in, each so many on the `host`-th host, in one statement.
    fileprivate func reserves(_ counts: [(order: OrderID, host: Int, count: Int)]) async throws -> Bool {
        do {
            try await reserve(counts)
            return true
        } catch .oversold {
            return false
        }
    }

    private func reserve(_ counts: [(order: OrderID, host: Int, count: Int)]) async throws(StoreError) {
        let site = SiteID(rawValue: 1)
        let plans = counts.map { entry in
            (order: entry.order, groups: [Plan.Group(host: hosts[entry.host], site: site, count: entry.count)])
        }
        try await store.transaction { session in try Store.reserve(plans, in: session) }
    }
}
