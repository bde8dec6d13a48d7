import CapacityModel
import CapacityStore
import JobQueue
import Logging
import Postgres
import TestSupport
import Testing

@testable import Delivery

@Suite("Keys that two processes get at the same time", .freshDatabase, .timeLimit(.minutes(5)))
struct KeyRaceTests {
    @Test("in opposite order make each order once, both are answered with it, and what came beside them stays together")
    func opposite() async throws {
        let shop = try await Shop.open(sites: 2, hosts: 4)
        let pool = Pool(FreshDatabase.current.configuration, size: 8)
        let other = OrderDesk(store: Store(pool: pool), planner: Planner(store: Store(pool: pool)), bell: shop.bell)
        let line = try await Session.connect(FreshDatabase.current.configuration)
        let turn = try await Session.connect(FreshDatabase.current.configuration)
        try await turn.script(unchecked: "BEGIN")
        try await turn.takePlaces([0])
        try await line.script(unchecked: "BEGIN")
        try await line.takePlaces([1, 2])
        async let here = shop.answers(of: shop.desk, to: ["a", "b"])
        while shop.desk.toWriteCount < 2 { await Task.yield() }
        try await line.script(unchecked: "ROLLBACK; BEGIN")
        while try await shop.pool.writersWaiting() < 1 {}
        // The first has entered both and waits for its turn. The others wait for the place that is left until all have come.
        try await line.takePlaces([1, 2])
        async let there = shop.answers(of: other, to: ["b", "a", "c", "d"])
        while other.toWriteCount < 4 { await Task.yield() }
        try await line.script(unchecked: "ROLLBACK")
        while try await shop.pool.writersWaiting() < 2 {}
        try await turn.script(unchecked: "ROLLBACK")
        let outcomes = try await (here, there)
        await line.close()
        await turn.close()
        await pool.shutdown()

        let ids = outcomes.0.merging(outcomes.1) { first, second in
            #expect(first.0 == second.0, "one order, whoever is asked")
            #expect([first.1, second.1].count { $0 } == 1, "and one of them made it")
            return first
        }
        #expect(ids.count == 4)
        let orders: Int = try await shop.pool.rows("SELECT count(*) FROM muster.\"order\"")[0].decode(0)
        #expect(orders == 4)
        let transactions: Int = try await shop.pool.rows("SELECT count(DISTINCT xmin::text) FROM muster.\"order\"")[0]
            .decode(0)
        #expect(transactions == 2, "who came too late for two of its keys made the others together")
        #expect(try await shop.breaches() == [])
    }

    @Test("whoever accepts an offer waits for its key before it has any host, so that who has the key may go on")
    func accepting() async throws {
        let shop = try await Shop.open(sites: 1)
        _ = try await shop.order(Shop.request(3))
        let offer = try #require(try await shop.refusal(of: Shop.request(4)).offers.first { $0.kind == .fewer })
        #expect(offer.quote?.heldUntil != nil)
        let earlier = try await Session.connect(FreshDatabase.current.configuration)
        try await earlier.script(unchecked: "BEGIN")
        try await earlier.execute(
            """
            INSERT INTO muster.idempotency (tenant_id, key, body_hash, order_id)
            SELECT \(shop.tenant.rawValue), 'k', \([UInt8](repeating: 1, count: 32)), min(order_id) FROM muster."order"
            """
        )
        async let accepted = shop.desk.order(
            quote: offer.quote?.id ?? "", name: nil, tenant: shop.tenant, idempotency: Shop.key("k"))
        while try await shop.pool.writersWaiting() < 1 {}
        try await earlier.script(unchecked: "SELECT FROM muster.host_ledger FOR NO KEY UPDATE NOWAIT; ROLLBACK")
        guard case .accepted(let record, replayed: false) = try await accepted else {
            Issue.record("nobody has its key any more")
            return
        }
        #expect(record.counts.planned == 1)
        await earlier.close()
        #expect(try await shop.breaches() == [])
    }
}

extension Session {
    /// Takes those of the places in the order writers' line, and of its turn, that are free.
    fileprivate func takePlaces(_ places: [Int]) throws {
        for place in places {
            try execute("SELECT pg_try_advisory_xact_lock(hashtextextended('muster.order_turn', \(place)))")
        }
    }
}

extension OrderDesk {
    fileprivate convenience init(store: Store, planner: Planner, bell: Bell) {
        self.init(
            store: store, planner: planner, bell: bell, logger: Logger(label: "desk") { _ in SwiftLogNoOpLogHandler() })
    }
}

extension Shop {
    fileprivate static func key(_ key: String) -> Idempotency {
        Idempotency(key: key, bodyHash: Array(repeating: 1, count: 32))
    }

    /// Orders one core by each of the keys, one after the other as far as the desk's line; which order each is, and whether it was
    /// made for this.
    fileprivate func answers(of desk: OrderDesk, to keys: [String]) async throws -> [String: (OrderID, Bool)] {
        try await withThrowingTaskGroup(of: (String, OrderID, Bool).self) { group in
            for (number, key) in keys.enumerated() {
                group.addTask {
                    let outcome = try await desk.order(
                        Shop.request(1, start: 60), quoteID: nil, tenant: tenant, idempotency: Shop.key(key))
                    guard case .accepted(let record, let replayed) = outcome else { throw Unserved(outcome: outcome) }
                    return (key, record.id, !replayed)
                }
                while desk.toWriteCount < number + 1 { await Task.yield() }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = ($1.1, $1.2) }
        }
    }
}

extension Pool {
    /// How many transactions that have written something wait for a lock.
    fileprivate func writersWaiting() async throws -> Int {
        try await rows(
            """
            SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND backend_xid IS NOT NULL AND wait_event_type = 'Lock'
            """
        )[0].decode(0)
    }
}
