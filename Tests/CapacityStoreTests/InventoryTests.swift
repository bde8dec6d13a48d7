import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("What a planner reads", .freshDatabase, .timeLimit(.minutes(5)))
struct InventoryTests {
    @Test("what is added is seen by the next reading, once, and by itself")
    func additions() async throws {
        let ledger = try await Ledger.open(hosts: 3)
        try await ledger.take(1, on: 1, from: 0, to: 10)
        let before = try await ledger.store.fleetSnapshot().horizon
        try await ledger.take(2, on: 1, from: 0, to: 10)
        let after = try await ledger.store.ledgerChanges(since: before)
        #expect(after.added.map(\.amounts.vcpuMilli) == [2_000])
        #expect(try await ledger.store.ledgerChanges(since: after.horizon).added.isEmpty)
    }

    @Test("a change of what was there is seen by the next reading, with all that its host holds")
    func changes() async throws {
        let ledger = try await Ledger.open(hosts: 3)
        try await ledger.take(1, on: 1, from: 0, to: 10)
        try await ledger.take(2, on: 1, from: 0, to: 10)
        let before = try await ledger.store.fleetSnapshot().horizon
        try await ledger.store.pool.execute("UPDATE muster.reservation SET live_count = 1 WHERE live_count = 2")
        let after = try await ledger.store.ledgerChanges(since: before)
        #expect(after.hosts.contains(ledger.hosts[1]))
        #expect(after.added.isEmpty)
        #expect(after.ledger.map(\.amounts.vcpuMilli).sorted() == [1_000, 1_000])
    }

    @Test("a row of the ledger says how many instances it is for: those that live, not those it was made for")
    func instances() async throws {
        let ledger = try await Ledger.open(hosts: 2, gpus: 4)
        let halves = Taking(devices: [1], share: 500, count: 2)
        try await ledger.take(halves, from: 0, to: 10)
        try await ledger.take(3, on: 1, from: 0, to: 10)
        func seen() async throws -> [[Int64]] {
            let rows = try await ledger.store.fleetSnapshot().ledger.sorted { $0.host < $1.host }
            return rows.map { [Int64($0.instances), $0.amounts.vcpuMilli, $0.amounts.gpuShareMilli] }
        }
        #expect(try await seen() == [[2, 20, 1_000], [3, 3_000, 0]])
        let before = try await ledger.store.fleetSnapshot().horizon
        try await ledger.store.pool.execute("UPDATE muster.reservation SET live_count = live_count - 1")
        #expect(try await seen() == [[1, 10, 500], [2, 2_000, 0]])
        let changes = try await ledger.store.ledgerChanges(since: before)
        #expect(changes.ledger.map(\.instances).sorted() == [1, 2])
    }

    @Test("a transaction that was slow to commit is not missed")
    func slowWriter() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        let slow = try await Session.connect(FreshDatabase.current.configuration)
        try await slow.script(unchecked: "BEGIN")
        try await slow.execute(ledger.addition(on: 0))
        // A later transaction commits first and is read; the slow one stays to be read.
        try await ledger.take(1, on: 1, from: 0, to: 10)
        let snapshot = try await ledger.store.fleetSnapshot()
        let between = try await ledger.store.ledgerChanges(since: snapshot.horizon)
        #expect(!(between.added + between.ledger).contains { $0.host == ledger.hosts[0] })
        try await slow.script(unchecked: "COMMIT")
        let after = try await ledger.store.ledgerChanges(since: between.horizon)
        #expect(after.added.map(\.host) == [ledger.hosts[0]])
        await slow.close()
    }

    @Test("a transaction that reads and then adds is not told of what it adds, but of what others do meanwhile")
    func ownAdditions() async throws {
        let ledger = try await Ledger.open(hosts: 3)
        let before = try await ledger.store.fleetSnapshot().horizon
        let adding = try await Session.connect(FreshDatabase.current.configuration)
        try await adding.script(unchecked: "BEGIN; SELECT pg_current_xact_id()")
        let horizon = try await adding.horizon(after: before)
        try await adding.execute(ledger.addition(on: 0))
        try await ledger.take(1, on: 1, from: 0, to: 10)
        try await adding.script(unchecked: "COMMIT")
        let after = try await ledger.store.ledgerChanges(since: horizon)
        #expect(after.added.map(\.host) == [ledger.hosts[1]])
        #expect(try await ledger.store.ledgerChanges(since: after.horizon).added.isEmpty)
        await adding.close()
    }

    @Test("a transaction that reads and then changes what is there reads it again, though others know of it long since")
    func ownChanges() async throws {
        let ledger = try await Ledger.open(hosts: 3)
        try await ledger.take(4, on: 0, from: 0, to: 10)
        let before = try await ledger.store.fleetSnapshot().horizon
        let changing = try await Session.connect(FreshDatabase.current.configuration)
        try await changing.script(unchecked: "BEGIN; SELECT pg_current_xact_id()")
        // A later one has begun and ended, so that whoever reads now counts what is written next as of before.
        try await ledger.take(1, on: 1, from: 0, to: 10)
        let horizon = try await changing.horizon(after: before)
        try await changing.execute("UPDATE muster.reservation SET live_count = 3 WHERE live_count = 4")
        try await changing.execute(ledger.addition(on: 0))
        try await changing.script(unchecked: "COMMIT")
        let after = try await ledger.store.ledgerChanges(since: horizon)
        #expect(after.hosts == [ledger.hosts[0]] && after.added.isEmpty)
        #expect(after.ledger.map(\.amounts.vcpuMilli).sorted() == [1_000, 3_000])
        #expect(try await ledger.store.ledgerChanges(since: after.horizon).hosts.isEmpty)
        await changing.close()
    }

    @Test("a fleet import advances the version, and one that shrinks a host too far changes nothing")
    func importing() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        try await ledger.take(5, on: 0, from: 0, to: 10)
        let before = try await ledger.store.fleetSnapshot()
        let site = NewSite(
            name: "1101-telecom-1", province: "11", city: "1101", carrier: .telecom, origin: "cdn", capabilities: [])
        func host(_ name: String, vcpu: Int64) -> NewHost {
            NewHost(
                site: site.name, name: name,
                allocatable: Resources(vcpuMilli: vcpu, memoryMiB: 10_240, diskGiB: 100, bandwidthMbps: 1_000))
        }
        await #expect(throws: StoreError.self) {
            try await ledger.store.importFleet(sites: [site], hosts: [host("h2", vcpu: 1), host("h1", vcpu: 4_999)])
        }
        #expect(try await ledger.store.fleetSnapshot().version == before.version)
        let imported = try await ledger.store.importFleet(sites: [site], hosts: [host("h2", vcpu: 1)])
        #expect(imported.inventoryVersion > before.version)
        #expect(try await ledger.store.fleetSnapshot().hosts.count == 2)
    }
}

extension Ledger {
    /// One instance more on a host, for an hour from now.
    fileprivate func addition(on host: Int) -> Statement {
        """
        INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib,
                                        disk_gib, bandwidth_mbps, gpu_count)
        VALUES (\(order.rawValue), \(hosts[host].rawValue), tstzrange(now(), now() + interval '1 hour'), 1, 1, 1000, 1024, 0,
                0, 0)
        """
    }
}

extension Session {
    fileprivate func horizon(after before: LedgerHorizon) throws -> LedgerHorizon {
        try Store.ledgerChanges(since: before, in: self).horizon
    }
}
