import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("Capacity, and what of it may be reserved", .freshDatabase, .timeLimit(.minutes(5)))
struct AllocatableTests {
    private static let site = "1101-telecom-1"

    @Test("allocatable is capacity less the system's share, vCPU times the site's ratio, to a thousandth of a core")
    func arithmetic() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        let store = ledger.store
        let system = Resources(vcpuMilli: 1_001, memoryMiB: 1_024, diskGiB: 10, bandwidthMbps: 100)
        let site = try #require(
            await store.set(SiteTermsChange(vcpuOversellPermille: 1_500, system: system), ofSite: Self.site))
        #expect(site.terms == SiteTerms(vcpuOversellPermille: 1_500, system: system))
        let share = HostSystemShare(vcpuMilli: nil, memoryMiB: 20_000, diskGiB: 0, bandwidthMbps: nil)
        let second = try #require(await store.set(share, ofHost: "h2"))
        let expected = Resources(vcpuMilli: 13_498, memoryMiB: 9_216, diskGiB: 90, bandwidthMbps: 900)
        let hosts = try await store.hosts(site: nil, after: nil, limit: 9)
        #expect(hosts[0].allocatable == expected)
        #expect(
            hosts[0].capacity == Resources(vcpuMilli: 10_000, memoryMiB: 10_240, diskGiB: 100, bandwidthMbps: 1_000))
        #expect(hosts[0].system == system)
        #expect(hosts[1] == second)
        #expect(second.allocatable == Resources(vcpuMilli: 13_498, memoryMiB: 0, diskGiB: 100, bandwidthMbps: 900))
        let planned = try await store.fleetSnapshot().hosts.first { $0.name == "h1" }
        #expect(planned?.allocatable == expected, "planners see what the guard sees")
        let kept = try await store.set(SiteTermsChange(vcpuOversellPermille: 1_000, system: nil), ofSite: Self.site)
        #expect(kept?.terms.system == system)
        #expect(try await store.set(SiteTermsChange(vcpuOversellPermille: 1, system: nil), ofSite: "x") == nil)
        #expect(try await store.set(share, ofHost: "x") == nil)
    }

    @Test("the database takes up to what is allocatable and no more; memory is never sold twice")
    func guarded() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let version = try await ledger.store.fleetSnapshot().version
        _ = try await ledger.store.set(SiteTermsChange(vcpuOversellPermille: 2_000, system: nil), ofSite: Self.site)
        #expect(try await ledger.store.fleetSnapshot().version > version, "planners read the fleet anew")
        #expect(try await ledger.takes(10, on: 0, from: 0, to: 10), "ten of 1 GiB: all of the memory")
        #expect(try await !ledger.takes(1, on: 0, from: 0, to: 10), "cores are left, memory is not")
        _ = try await ledger.changes("memory_mib = 512")
        #expect(try await ledger.takes(5, on: 0, from: 0, to: 10))
        #expect(try await ledger.oversold() == 0)
    }

    @Test("no terms may leave a host with less than is reserved on it at any instant, and releases pass all the same")
    func lowered() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        let store = ledger.store
        func permille(_ value: Int) async throws -> Bool {
            do {
                _ = try await store.set(SiteTermsChange(vcpuOversellPermille: value, system: nil), ofSite: Self.site)
                return true
            } catch .oversold {
                return false
            }
        }
        try await ledger.take(8, on: 1, from: 1_000, to: 2_000)
        #expect(try await permille(800))
        #expect(try await !permille(799))
        await #expect(throws: StoreError.self) {
            try await store.set(
                HostSystemShare(vcpuMilli: 1, memoryMiB: nil, diskGiB: nil, bandwidthMbps: nil), ofHost: "h2")
        }
        _ = try await store.set(
            HostSystemShare(vcpuMilli: 9_000, memoryMiB: nil, diskGiB: nil, bandwidthMbps: nil), ofHost: "h1")
        #expect(try await ledger.changes("live_count = 7"))
        #expect(try await permille(799))
        #expect(try await ledger.oversold() == 0)
    }

    @Test("the report tells capacity, allocatable and the ratio apart")
    func report() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        let system = Resources(vcpuMilli: 2_000, memoryMiB: 240)
        _ = try await ledger.store.set(SiteTermsChange(vcpuOversellPermille: 1_250, system: system), ofSite: Self.site)
        let rows = try await ledger.store.pool.rows(
            """
            SELECT concat_ws(' ', resource, capacity, allocatable, reserved, free, oversell_ratio) AS line
              FROM report.capacity_now WHERE resource IN ('vcpu_milli', 'memory_mib') ORDER BY resource
            """
        )
        #expect(
            try rows.map { try $0.decode("line", as: String.self) }
                == ["memory_mib 20480 20000 0 20000 1", "vcpu_milli 20000 20000 0 20000 1.25"])
    }
}
