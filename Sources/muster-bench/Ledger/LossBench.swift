import CapacityModel
import CapacityStore
import Delivery
import Postgres

/// How long it takes to give up what runs at a site of 2,000 hosts that is declared lost, 100,000 instances of 400 orders, and how
/// long anybody else waits meanwhile for one of those orders, or for the site's place among the assignments.
struct LossBench {
    let arena: BenchArena
    var hosts = 2_000
    var orders = 400
    var perOrder = 250

    private static let site = "1101-telecom-1"

    func results() async throws -> [BenchResult] {
        try await arena.withDatabase { database in
            let pool = Pool(database.configuration, size: 3)
            let store = Store(pool: pool)
            try await fill(store)
            let waits = Task { try await Self.waits(in: database) }
            let began = ContinuousClock.now
            let outcome = try await FleetDesk(
                LedgerGround(pool: pool, store: store, tenant: TenantID(rawValue: 1)).desk()
            )
            .declareLost(site: Self.site, reason: "bench")
            let seconds = (.now - began).inSeconds
            waits.cancel()
            let longest = try await waits.value.max() ?? 0
            guard case .closed(let closure) = outcome,
                try await store.loss(of: closure.id, fence: .seconds(600), limit: 1).lost == orders * perOrder
            else { throw BenchFailure("not all of the site was given up") }
            await pool.shutdown()
            return [
                BenchResult(key: "loss.declare_s", seconds, "s", below: 15),
                BenchResult(key: "loss.lock_ms", longest, "ms", below: 1_000),
            ]
        }
    }

    /// Milliseconds that each of many small transactions waited for the row of an order, and for that of the site's cursor.
    private static func waits(in database: ArenaDatabase) async throws -> [Double] {
        try await database.withSession { session in
            var times: [Double] = []
            while !Task.isCancelled {
                let began = ContinuousClock.now
                try await session.transaction { session in
                    try session.execute(
                        """
                        SELECT FROM muster."order" WHERE order_id = (SELECT max(order_id) FROM muster."order") FOR NO KEY UPDATE
                        """
                    )
                    try session.execute("SELECT FROM muster.assignment_cursor FOR NO KEY UPDATE")
                }
                times.append((.now - began).inMilliseconds)
            }
            return times
        }
    }

    /// Writes down what runs, past the guards: it is there.
    private func fill(_ store: Store) async throws {
        _ = try await store.importFleet(
            sites: [
                NewSite(
                    name: Self.site, province: "11", city: "1101", carrier: .telecom, origin: "self", capabilities: [])
            ],
            hosts: (1...hosts).map { number in
                NewHost(
                    site: Self.site, name: "\(Self.site)-h\(number)",
                    allocatable: Resources(
                        vcpuMilli: 64_000, memoryMiB: 262_144, diskGiB: 1_000, bandwidthMbps: 10_000))
            })
        try await store.createKey(role: "tenant", tenant: "bench", prefix: "mk_b", hash: Array(repeating: 7, count: 32))
        try await store.pool.withSession { session in
            try await session.script(
                unchecked: """
                    SET session_replication_role = replica;
                    INSERT INTO muster."order"
                           (tenant_id, kind, state, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count, image,
                            command, environment, scope, spread, window_start, window_end, lead_seconds, grace_seconds,
                            policy, top_up, requested_count, waiting_count, ready_count)
                    SELECT t.tenant_id, 'container', 'active', 1000, 2048, 0, 0, 0, 'i', '{}', '{}', '{}', '[]',
                           now() - interval '1 h', now() + interval '5 h', 0, 60, 'allOrNothing', false,
                           \(perOrder), 0, \(perOrder)
                      FROM muster.tenant t, generate_series(1, \(orders));
                    INSERT INTO muster.reservation
                           (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                            bandwidth_mbps, gpu_count)
                    SELECT o.order_id, h.host_id, tstzrange(o.window_start, o.window_end), \(perOrder) / 50,
                           \(perOrder) / 50, 1000, 2048, 0, 0, 0
                      FROM (SELECT *, row_number() OVER (ORDER BY order_id) - 1 AS place FROM muster."order") o
                     CROSS JOIN generate_series(0, 49) AS part
                      JOIN (SELECT *, row_number() OVER (ORDER BY host_id) - 1 AS place FROM muster.host) h
                        ON h.place = (o.place * 50 + part) % \(hosts);
                    INSERT INTO muster.instance
                           (order_id, reservation_id, host_id, site_id, state, epoch, assignment_sequence, billed_from,
                            ready_at)
                    SELECT r.order_id, r.reservation_id, r.host_id, h.site_id, 'ready', 1, row_number() OVER (),
                           lower(r.held), lower(r.held)
                      FROM muster.reservation r
                      JOIN muster.host h USING (host_id)
                     CROSS JOIN generate_series(1, r.live_count);
                    UPDATE muster.assignment_cursor SET sequence = 1000000;
                    RESET session_replication_role;
                    """
            )
            try await session.script(unchecked: "VACUUM (ANALYZE)")
        }
    }
}
