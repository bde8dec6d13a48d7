import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("What a planner reads", .freshDatabase, .timeLimit(.minutes(5)))
struct InventoryTests {
    @Test("a change is seen by the next reading, with all that its host holds")
    func changes() async throws {
        let ledger = try await Ledger.open(hosts: 3)
        let snapshot = try await ledger.store.fleetSnapshot()
        let before = try await ledger.store.ledgerChanges(since: snapshot.horizon)
        try await ledger.take(2, on: 1, from: 0, to: 10)
        let after = try await ledger.store.ledgerChanges(since: before.horizon)
        // Other hosts may be read again: a transaction anywhere in the cluster holds the horizon back.
        #expect(after.hosts.contains(ledger.hosts[1]))
        #expect(after.ledger.map(\.amounts.vcpuMilli) == [2_000])
    }

    @Test("a transaction that was slow to commit is not missed")
    func slowWriter() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        let configuration = FreshDatabase.current.configuration
        let slow = try await Session.connect(configuration)
        try await slow.script(unchecked: "BEGIN")
        try await slow.execute(
            """
            INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib,
                                            disk_gib, bandwidth_mbps, gpu_count)
            VALUES (\(ledger.order.rawValue), \(ledger.hosts[0].rawValue), tstzrange(now(), now() + interval '1 hour'),
                    1, 1, 1000, 1024, 0, 0, 0)
            """
        )
        // A later transaction commits first and is read; the horizon stays before the slow one.
        try await ledger.take(1, on: 1, from: 0, to: 10)
        let snapshot = try await ledger.store.fleetSnapshot()
        let between = try await ledger.store.ledgerChanges(since: snapshot.horizon)
        #expect(!between.ledger.contains { $0.host == ledger.hosts[0] })
        try await slow.script(unchecked: "COMMIT")
        let after = try await ledger.store.ledgerChanges(since: between.horizon)
        #expect(after.ledger.contains { $0.host == ledger.hosts[0] })
        await slow.close()
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
