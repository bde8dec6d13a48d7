import CapacityModel
import CapacityStore
import Postgres
import TestSupport

typealias Instant = CapacityModel.Instant

/// A few hosts, one order nobody delivers, and the ledger written to past every planner.
struct Ledger: Sendable {
    static let epoch = Instant(secondsSinceEpoch: 1_900_000_000)

    let store: Store
    let tenant: TenantID
    var hosts: [HostID]
    let order: OrderID

    /// With `count` hosts of ten cores, each with so many GPUs of model G2.
    static func open(hosts count: Int, gpus: Int64 = 0) async throws -> Ledger {
        let ten = Resources(
            vcpuMilli: 10_000, memoryMiB: 10_240, diskGiB: 100, bandwidthMbps: 1_000,
            gpuModel: gpus > 0 ? "G2" : nil, gpuCount: gpus
        )
        return try await open(Array(repeating: ten, count: count))
    }

    /// With a host of each of these sizes.
    static func open(_ sizes: [Resources]) async throws -> Ledger {
        let store = Store(pool: FreshDatabase.current.pool)
        let site = NewSite(
            name: "1101-telecom-1", province: "11", city: "1101", carrier: .telecom, origin: "self", capabilities: [])
        _ = try await store.importFleet(
            sites: [site],
            hosts: sizes.enumerated().map { NewHost(site: site.name, name: "h\($0 + 1)", allocatable: $1) }
        )
        try await store.createKey(role: "tenant", tenant: "t", prefix: "mk_t", hash: Array(repeating: 1, count: 32))
        guard case .tenant(let tenant)? = try await store.principal(keyHash: Array(repeating: 1, count: 32))?.role
        else {
            throw StoreError.stale
        }
        let request = OrderRequest(
            spec: Spec(resources: Resources(vcpuMilli: 1_000, memoryMiB: 1_024), image: "i"),
            count: 100_000,
            timing: OrderRequest.Timing(start: epoch, duration: .seconds(1_000_000)),
            release: OrderRequest.ReleasePolicy(grace: .zero)
        )
        let order = try await store.transaction { session in
            try Store.insert(
                NewOrder(
                    tenant: tenant, request: request, window: request.timing.window(at: epoch), plan: Plan(groups: []),
                    rates: [], idempotency: nil
                ),
                in: session
            )
        }
        let ids = try await store.fleetSnapshot().hosts.map(\.id).sorted()
        return Ledger(store: store, tenant: tenant, hosts: ids, order: order)
    }

    /// Takes `count` cores out of the `host`-th host for `[start, end)` seconds, asking nobody but the database.
    func take(_ count: Int, on host: Int, from start: Int64, to end: Int64) async throws(StoreError) {
        let (order, host) = (order.rawValue, hosts[host].rawValue)
        let (from, until) = ((Self.epoch + .seconds(start)).postgres, (Self.epoch + .seconds(end)).postgres)
        _ = try await store.transaction { session in
            try session.execute(
                """
                INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli,
                                                memory_mib, disk_gib, bandwidth_mbps, gpu_count)
                VALUES (\(order), \(host), tstzrange(\(from), \(until)), \(count), \(count), 1000, 1024, 0, 0, 0)
                """
            )
        }
    }

    /// Whether the database took it; any error but its refusal is thrown.
    func takes(_ count: Int, on host: Int, from start: Int64, to end: Int64) async throws -> Bool {
        do {
            try await take(count, on: host, from: start, to: end)
            return true
        } catch .oversold {
            return false
        }
    }

    func oversold() async throws -> Int {
        try await store.pool.rows("SELECT * FROM report.oversold").count
    }
}
