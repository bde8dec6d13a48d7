import CapacityModel
import CapacityStore
import Placement
import Postgres
import TestSupport
import Testing

@testable import Delivery

@Suite("Plans of a planner that sees nothing reserved", .freshDatabase, .timeLimit(.minutes(5)))
struct BlindPlanTests {
    /// More than half of a host in one resource, and next to nothing of the others.
    private static let greedy: [String: Resources] = [
        "vcpu": Resources(vcpuMilli: 2_001, memoryMiB: 1),
        "memory": Resources(vcpuMilli: 1, memoryMiB: 4_097),
        "disk": Resources(vcpuMilli: 1, memoryMiB: 1, diskGiB: 51),
        "bandwidth": Resources(vcpuMilli: 1, memoryMiB: 1, bandwidthMbps: 501),
        "gpu": Resources(vcpuMilli: 1, memoryMiB: 1, gpuModel: "G2", gpuCount: 5),
        "share of a gpu": Resources(vcpuMilli: 1, memoryMiB: 1, gpuModel: "G2", gpuShareMilli: 501),
    ]

    @Test("fail to commit for every resource and at every instant of the window, and leave nothing behind")
    func blind() async throws {
        let shop = try await Shop.open(sites: 1)
        try await shop.pool.execute("UPDATE muster.host SET gpu_model = 'G2', gpu_count = 8")
        for (resource, unit) in Self.greedy.sorted(by: { $0.key < $1.key }) {
            // Ours is held throughout [1000, 2000); others meet it in one second, or not at all.
            for (start, length, fits) in [
                (0, 1_000, true), (2_000, 1_000, true), (1_000, 1_000, false), (0, 1_001, false), (1_999, 2, false),
                (1_500, 1, false), (0, 9_000, false),
            ] as [(Int64, Int64, Bool)] {
                let ours = try await shop.writeBlindly(unit, start: 1_000, length: 1_000)
                let theirs = try await shop.writeBlindly(unit, start: start, length: length)
                #expect(ours, "\(resource)")
                #expect(theirs == fits, "\(resource) beside [\(start), \(start + length))")
                #expect(try await shop.count("muster.\"order\"") == (fits ? 2 : 1))
                try await shop.empty()
            }
        }
        #expect(try await shop.breaches() == [])
    }
}

extension Shop {
    /// Makes an order of one by the plan for an empty fleet, through what every order is written with; whether the ledger
    /// let it in.
    fileprivate func writeBlindly(_ unit: Resources, start: Int64, length: Int64) async throws -> Bool {
        var request = Shop.request(1, start: start, duration: length)
        request.spec.resources = unit
        let snapshot = try await store.fleetSnapshot()
        let empty = Inventory(
            version: snapshot.version, sites: snapshot.sites, hosts: snapshot.hosts, reservations: [])
        let window = request.timing.window(at: Shop.opening)
        guard case .placed(let plan, missing: 0) = place(Demand(request, window: window), on: empty) else {
            throw StoreError.stale
        }
        let new = NewOrder(
            tenant: tenant, request: request, window: window, plan: plan, rates: [], idempotency: nil)
        do {
            _ = try await store.transaction { session in try OrderWriter.write([new], in: session) }
            return true
        } catch .oversold {
            return false
        }
    }

    fileprivate func count(_ table: Statement) async throws -> Int {
        try await pool.rows("SELECT count(*) FROM \(statement: table)")[0].decode(0)
    }

    /// Forgets all orders.
    fileprivate func empty() async throws {
        try await pool.execute("TRUNCATE muster.\"order\", muster.reservation, muster.instance, queue.job CASCADE")
    }
}
