import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Logging
import Placement
import Postgres

/// A fleet, a customer and what is reserved already, in a database of a bench.
struct LedgerGround: Sendable {
    let pool: Pool
    let store: Store
    let tenant: TenantID

    private static let keyHash = [UInt8](repeating: 7, count: 32)

    /// Brings a fleet and a customer into a migrated database.
    static func fill(_ database: ArenaDatabase, with fleet: FleetSynthesis) async throws {
        let pool = Pool(database.configuration, size: 1)
        let store = Store(pool: pool)
        let file = fleet.fleet()
        _ = try await store.importFleet(
            sites: file.sites.map {
                NewSite(
                    name: $0.name, province: $0.province, city: $0.city, carrier: $0.carrier, origin: $0.origin,
                    capabilities: $0.capabilities
                )
            },
            hosts: file.hosts.map { NewHost(site: $0.site, name: $0.name, allocatable: $0.allocatable) }
        )
        try await store.createKey(role: "tenant", tenant: "bench", prefix: "mk_b", hash: keyHash)
        await pool.shutdown()
    }

    /// Opens a filled database, with up to `size` sessions at a time.
    static func open(_ database: ArenaDatabase, size: Int) async throws -> LedgerGround {
        let pool = Pool(database.configuration, size: size)
        let store = Store(pool: pool)
        guard case .tenant(let tenant)? = try await store.principal(keyHash: keyHash)?.role else {
            throw BenchFailure("the bench's own customer is not known")
        }
        return LedgerGround(pool: pool, store: store, tenant: tenant)
    }

    /// A desk with a planner of its own, as another process would have it.
    func desk() -> OrderDesk {
        OrderDesk(
            store: store, planner: Planner(store: store), bell: Bell(pool: pool),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Makes an order without capacity, whose reservations a bench writes by itself.
    func order(_ request: OrderRequest, in window: Window) async throws -> OrderID {
        let new = NewOrder(
            tenant: tenant, request: request, window: window, plan: Plan(groups: []), rates: [], idempotency: nil)
        return try await store.transaction { session in try Store.insert(new, in: session) }
    }

    /// Spreads `count` reservations of a twelfth of a host for `hours` each over all hosts and `days` from tomorrow on.
    ///
    /// Past the guard, which would take an hour over ten million: what is admitted afterwards meets it as always.
    func reserve(_ count: Int, hours: Int, days: Int) async throws {
        let start = try await store.now().wholeSecond + .seconds(86_400)
        let window = Window(start: start, duration: .seconds(days * 86_400))
        let order = try await order(Self.request(1, vcpuMilli: 1_000, in: window), in: window)
        try await pool.withSession { session in
            try await session.script(unchecked: "SET session_replication_role = replica; SELECT setseed(0.5)")
            try await session.execute(
                """
                INSERT INTO muster.reservation
                       (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                        bandwidth_mbps, gpu_count)
                SELECT \(order.rawValue), h.host_id, tstzrange(w.at, w.at + w.length), 1, 1, h.vcpu_milli / 12,
                       h.memory_mib / 12, 0, 0, 0
                  FROM generate_series(1, \(count)) AS i
                 CROSS JOIN LATERAL (
                       SELECT \(start.postgres) + make_interval(mins => (random() * \(days * 1_440) + i * 0)::integer) AS at,
                              make_interval(mins => 1 + (random() * \(hours * 60))::integer) AS length) w
                  JOIN (SELECT *, row_number() OVER (ORDER BY host_id) - 1 AS place FROM muster.host) h
                    ON h.place = i % (SELECT count(*) FROM muster.host)
                """
            )
            try await session.script(unchecked: "RESET session_replication_role")
            try await session.script(unchecked: "VACUUM (ANALYZE)")
        }
    }

    static func request(
        _ count: Int, vcpuMilli: Int64, in window: Window, spread: [SpreadRule] = []
    ) -> OrderRequest {
        OrderRequest(
            spec: Spec(
                resources: Resources(vcpuMilli: vcpuMilli, memoryMiB: vcpuMilli * 2), image: "muster.local/probe:1"),
            count: count,
            timing: OrderRequest.Timing(start: window.start, duration: window.duration),
            spread: spread
        )
    }
}
