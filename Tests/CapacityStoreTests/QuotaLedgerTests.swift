import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("The database refuses what exceeds a quota", .freshDatabase, .timeLimit(.minutes(5)))
struct QuotaLedgerTests {
    @Test("a quota of ten cores allows ten at every instant, over all hosts together, and says what stood in the way")
    func exact() async throws {
        let ledger = try await Ledger.open(hosts: 3)
        try await ledger.allow([Quota.Limit(.vcpu, 10_000)])
        try await ledger.take(6, on: 0, from: 0, to: 100)
        try await ledger.take(4, on: 1, from: 50, to: 150)
        let excess = QuotaExcess(
            quota: "q", limit: Quota.Limit(.vcpu, 10_000), inUse: 10_000, asked: 1_000, at: Ledger.epoch + .seconds(99))
        #expect(try await ledger.excess(1, on: 2, from: 99, to: 101) == excess, "one second of all")
        #expect(try await ledger.excess(6, on: 2, from: 100, to: 200) == nil, "who ends makes room for who starts")
        #expect(try await ledger.excess(4, on: 1, from: 200, to: 300) == nil)
        #expect(try await ledger.excess(1, on: 2, from: 0, to: 1_000)?.at == Ledger.epoch + .seconds(50), "the worst")
        #expect(try await ledger.mostCores() == 10)
    }

    @Test("a quota of a scope counts what lies in it and nothing else")
    func scoped() async throws {
        let ledger = try await Ledger.open(hosts: 1).addSite()
        let south = Scope(include: [Scope.Selector(area: .south, carrier: .unicom)])
        try await ledger.allow([Quota.Limit(.instances, 3)], scope: south)
        #expect(try await ledger.excess(10, on: 0, from: 0, to: 100) == nil)
        #expect(try await ledger.excess(4, on: 1, from: 0, to: 100)?.asked == 4)
        #expect(try await ledger.excess(3, on: 1, from: 0, to: 100) == nil)
        try await ledger.allow([Quota.Limit(.instances, 15)], name: "all")
        #expect(try await ledger.excess(1, on: 1, from: 99, to: 100)?.quota == "q")
    }

    @Test("a quota of a time binds within it and not beside it, what began before it counted")
    func timed() async throws {
        let ledger = try await Ledger.open(hosts: 3)
        try await ledger.allow([Quota.Limit(.memory, 5 * 1_024)], from: 100, until: 200)
        try await ledger.take(10, on: 0, from: 0, to: 100)
        try await ledger.take(10, on: 0, from: 200, to: 300)
        try await ledger.take(3, on: 1, from: 50, to: 150)
        let excess = try #require(await ledger.excess(3, on: 2, from: 0, to: 300))
        #expect((excess.inUse, excess.at) == (3 * 1_024, Ledger.epoch + .seconds(100)))
        #expect(try await ledger.excess(5, on: 2, from: 150, to: 250) == nil)
    }

    @Test("a quota lowered below what is in use takes nothing away, shows, and refuses only more of what it limits")
    func lowered() async throws {
        let ledger = try await Ledger.open(hosts: 3)
        try await ledger.take(6, on: 0, from: 0, to: 100)
        let record = try await ledger.allow([Quota.Limit(.vcpu, 4_000), Quota.Limit(.bandwidth, 0)])
        #expect(record.uses.map(\.peak) == [0, 6_000])
        #expect(record.uses.map(\.limit.amount) == [0, 4_000], "by resource")
        #expect(try await ledger.mostCores() == 6)
        #expect(try await ledger.excess(1, on: 1, from: 0, to: 1)?.inUse == 6_000)
        #expect(try await ledger.excess(4, on: 1, from: 100, to: 200) == nil)
        let pool = ledger.store.pool
        try await pool.execute(
            "UPDATE muster.reservation SET held = tstzrange(lower(held), upper(held) - interval '1 s')")
        try await pool.execute("UPDATE muster.reservation SET live_count = 3 WHERE live_count = 6")
        let row = try await pool.rows("SELECT * FROM report.quota WHERE resource = 'vcpu_milli'")[0]
        #expect(try row.decode("peak_ahead", as: Int64.self) == 4_000)
        #expect(try row.decode("used_now", as: Int64.self) == 0)
    }

    @Test("a reservation may not grow, lengthen or come back to life beyond the quota")
    func growing() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        try await ledger.take(4, on: 0, from: 0, to: 100)
        try await ledger.take(6, on: 1, from: 100, to: 200)
        try await ledger.allow([Quota.Limit(.vcpu, 6_000)])
        let pool = ledger.store.pool
        func excess(_ change: Statement) async -> QuotaExcess? {
            do {
                try await pool.execute(
                    "UPDATE muster.reservation SET \(statement: change) WHERE instance_count = 4")
                return nil
            } catch {
                if case .quotaExceeded(let excess) = StoreError(error) { return excess }
                return nil
            }
        }
        #expect(await excess("vcpu_milli = 1501")?.asked == 2_004)
        let longer = await excess("held = tstzrange(lower(held), upper(held) + interval '1 second')")
        #expect((longer?.inUse, longer?.asked) == (6_000, 4_000), "only the second that is added")
        #expect(await excess("live_count = 0, released_at = muster.now()") == nil)
        try await ledger.take(3, on: 1, from: 0, to: 100)
        #expect(await excess("live_count = 4, released_at = NULL")?.asked == 4_000)
        #expect(await excess("live_count = 3, released_at = NULL") == nil)
    }

    @Test("GPUs are limited by model, or all together")
    func models() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        let pool = ledger.store.pool
        try await pool.execute(
            "UPDATE muster.host SET gpu_model = CASE name WHEN 'h1' THEN 'G2' ELSE 'T4' END, gpu_count = 8")
        try await ledger.allow([Quota.Limit(.gpu(model: "G2"), 2_000), Quota.Limit(.gpu(model: nil), 5_000)])
        func takes(_ count: Int, on host: Int) async throws -> Quota.Resource? {
            do {
                try await pool.execute(
                    """
                    INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli,
                                                    memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count,
                                                    gpu_devices)
                    SELECT \(ledger.order.rawValue), host_id, '[2030-01-01, 2030-01-02)', 1, 1, 0, 0, 0, 0, gpu_model,
                           \(count), ARRAY(SELECT generate_series(0, \(count) - 1))::smallint[]
                      FROM muster.host
                     WHERE host_id = \(ledger.hosts[host].rawValue)
                    """
                )
                return nil
            } catch {
                guard case .quotaExceeded(let excess) = StoreError(error) else { throw error }
                return excess.limit.resource
            }
        }
        #expect(try await takes(3, on: 0) == .gpu(model: "G2"))
        #expect(try await takes(2, on: 0) == nil)
        #expect(try await takes(4, on: 1) == .gpu(model: nil))
        #expect(try await takes(3, on: 1) == nil)
    }
}
