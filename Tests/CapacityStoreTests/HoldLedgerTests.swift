import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("The ledger refuses beside holds", .freshDatabase, .timeLimit(.minutes(5)))
struct HoldLedgerTests {
    /// Holds `count` cores of the first host from the epoch on, asking nobody but the database.
    private func hold(_ count: Int, in ledger: Ledger) async throws -> HoldID {
        let tenant = try #require(await ledger.store.order(ledger.order, tenant: nil)).tenant
        let request = HoldRequest(
            unit: Resources(vcpuMilli: 1_000, memoryMiB: 1_024), count: count, start: Ledger.epoch,
            duration: .seconds(100), grace: .zero
        )
        let groups = [Plan.Group(host: ledger.hosts[0], site: SiteID(rawValue: 1), count: count)]
        let new = NewHold(
            tenant: tenant, request: request, window: Window(start: Ledger.epoch, duration: .seconds(100)),
            plan: Plan(groups: groups), idempotency: nil
        )
        return try await ledger.store.transaction { session in
            let id = try Store.insert(new, in: session)
            try Store.reserve(groups, forHold: id, in: session)
            return id
        }
    }

    @Test("what is held is not sold again, neither to an order nor to a hold, and is when the hold ends")
    func soldOnce() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let first = try await hold(6, in: ledger)
        #expect(try await !ledger.takes(5, on: 0, from: 0, to: 100))
        #expect(try await ledger.takes(10, on: 0, from: 100, to: 200))
        let refused = await #expect(throws: StoreError.self) { try await hold(5, in: ledger) }
        #expect(refused?.isOversold == true)
        #expect(try await ledger.store.hold(HoldID(rawValue: first.rawValue + 1), tenant: nil) == nil)
        #expect(try await ledger.takes(4, on: 0, from: 0, to: 100))

        try await ledger.store.transaction { session in
            _ = try Store.lockHold(first, in: session)
            try Store.end([first], on: .release, in: session)
        }
        #expect(try await ledger.takes(6, on: 0, from: 0, to: 100))
        #expect(try await ledger.oversold() == 0)
    }

    @Test("counts of a hold that do not balance cannot be written, and those that differ from the ledger's are shown")
    func balance() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let pool = ledger.store.pool
        _ = try await hold(6, in: ledger)
        for change: Statement in ["held_count = 5", "drawn_count = 1", "released_count = 1", "state = 'expired'"] {
            await #expect(throws: PostgresError.self) {
                try await pool.execute("UPDATE muster.hold SET \(statement: change)")
            }
        }
        func unbalanced() async throws -> Int {
            try await pool.rows("SELECT 1 FROM report.unbalanced WHERE what = 'hold'").count
        }
        #expect(try await unbalanced() == 0)
        try await pool.execute("UPDATE muster.hold SET held_count = 5, released_count = 1")
        #expect(try await unbalanced() == 1)
    }

    @Test("a row of the ledger is an order's or a hold's, never both and never nobody's")
    func owner() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let pool = ledger.store.pool
        let hold = try await hold(1, in: ledger)
        for change: Statement in ["hold_id = NULL", "order_id = \(ledger.order.rawValue)"] {
            await #expect(throws: PostgresError.self) {
                try await pool.execute(
                    "UPDATE muster.reservation SET \(statement: change) WHERE hold_id = \(hold.rawValue)")
            }
        }
    }

    @Test("an order is never drawn from another tenant's hold")
    func ownHold() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let pool = ledger.store.pool
        let hold = try await hold(1, in: ledger)
        try await ledger.store.createKey(
            role: "tenant", tenant: "other", prefix: "mk_t", hash: Array(repeating: 2, count: 32))
        try await pool.execute("UPDATE muster.hold SET tenant_id = (SELECT max(tenant_id) FROM muster.tenant)")
        await #expect(throws: PostgresError.self) {
            try await pool.execute("UPDATE muster.\"order\" SET hold_id = \(hold.rawValue)")
        }
    }
}
