import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("Quotas under many writers", .freshDatabase, .timeLimit(.minutes(5)))
struct QuotaRaceTests {
    /// Writers at every level of isolation, each on hosts of its own, so that nothing but the quota makes them meet.
    private func write(_ ledger: Ledger, seed: UInt64, rounds: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var random = Lottery(state: seed &+ UInt64(writer) &* 7_919)
                    for _ in 0..<rounds {
                        let start = Int64(random.next(below: 40))
                        let length = Int64(1 + random.next(below: 20))
                        let isolation = Isolation.allCases[random.next(below: Isolation.allCases.count)]
                        try await ledger.write(1 + random.next(below: 4), writer, start, start + length, isolation)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("writers at every isolation level, none on another's hosts, never exceed the quota together")
    func never() async throws {
        let ledger = try await Ledger.open(hosts: 8)
        try await ledger.allow([Quota.Limit(.vcpu, 12_000)])
        let seed = UInt64.random(in: 0..<1_000_000)
        try await write(ledger, seed: seed, rounds: 40)
        let most = try await ledger.mostCores()
        #expect(most <= 12, "seed \(seed)")
        #expect(most > 8, "seed \(seed): the quota is used")
    }

    @Test("a quota is not made while its tenant is taking, nor does a transaction of before it take without it")
    func made() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let slow = try await Session.connect(FreshDatabase.current.configuration)
        func take() async throws {
            try await slow.execute(
                """
                INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib,
                                                disk_gib, bandwidth_mbps, gpu_count)
                VALUES (\(ledger.order.rawValue), \(ledger.hosts[0].rawValue), '[2030-01-01, 2030-01-02)', 1, 1, 1000, 1024,
                        0, 0, 0)
                """
            )
        }
        try await slow.script(unchecked: "BEGIN")
        try await take()
        let refused = await #expect(throws: PostgresError.self) {
            try await ledger.store.pool.transaction { session in
                try session.execute("SET LOCAL lock_timeout = '20ms'")
                try session.execute("INSERT INTO muster.quota (tenant_id, name, scope) SELECT 1, 'q', '{}'")
            }
        }
        #expect(refused?.kind == .lockTimeout)
        try await slow.script(unchecked: "COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM muster.quota")
        try await ledger.allow([Quota.Limit(.vcpu, 1_000)])
        #expect(await #expect(throws: PostgresError.self) { try await take() }?.kind == .serialization)
        await slow.close()
    }
}
