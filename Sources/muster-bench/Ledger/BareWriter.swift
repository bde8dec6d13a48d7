import CapacityModel
import Placement
import Postgres

/// Writes every row that an order leaves, where it likes, one transaction an order, and checks nothing: the floor of
/// `OrdersBench`.
struct BareWriter {
    private var random: SplitMix64
    private let count: Int
    private let hosts: Int

    init(seed: UInt64, count: Int, hosts: Int) {
        random = SplitMix64(seed: seed)
        self.count = count
        self.hosts = hosts
    }

    /// Writes orders until `until`; returns how many were durable from `from` on.
    mutating func run(
        on session: Session, from: ContinuousClock.Instant, until: ContinuousClock.Instant
    ) async throws -> Int {
        var done = 0
        while ContinuousClock.now < until {
            var chosen: Set<Int64> = []
            while chosen.count < hosts { chosen.insert(Int64(1 + random.below(20_000))) }
            try await write(on: chosen.sorted(), session)
            let now = ContinuousClock.now
            if now >= from, now < until { done += 1 }
        }
        return done
    }

    private func write(on hosts: [Int64], _ session: Session) async throws {
        let each = (count + hosts.count - 1) / hosts.count
        let counts = hosts.indices.map { min(each, count - $0 * each) }.filter { $0 > 0 }
        let chosen = Array(hosts.prefix(counts.count))
        try await session.transaction { session in
            let order = try session.rows(
                """
                INSERT INTO raw."order"
                    (tenant_id, kind, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count, image, command,
                     environment, scope, spread, window_start, window_end, lead_seconds, grace_seconds, policy, top_up,
                     requested_count, waiting_count, planned_count)
                VALUES (1, 'container', 1000, 2048, 0, 0, 0, 'i', '{}', '{}', '{}', '[]', now(), now() + interval '1 day', 0,
                        30, 'allOrNothing', false, \(count), 0, \(count))
                RETURNING order_id
                """
            )[0].decode(0, as: Int64.self)
            try session.execute(
                """
                WITH taken AS (
                    INSERT INTO raw.reservation
                           (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                            bandwidth_mbps, gpu_count)
                    SELECT \(order), host, tstzrange(now(), now() + interval '1 day'), count, count, 1000, 2048, 0, 0, 0
                      FROM unnest(\(chosen), \(counts)) AS g (host, count)
                    RETURNING reservation_id, host_id, instance_count
                ), marked AS (
                    UPDATE raw.host_ledger SET changed_xid = changed_xid WHERE host_id = ANY (\(chosen))
                ), priced AS (
                    INSERT INTO raw.order_price (order_id, area, currency, instance_hour_micro)
                    SELECT \(order), area, 'CNY', 1 FROM unnest(\(Area.allCases.map(\.rawValue))) AS a (area)
                ), keyed AS (
                    INSERT INTO raw.idempotency (tenant_id, key, body_hash, order_id)
                    VALUES (1, \("key-\(order)"), decode(repeat('00', 32), 'hex'), \(order))
                ), told AS (
                    INSERT INTO raw.order_event
                           (order_id, sequence, kind, state, requested, waiting, refused, planned, assigned, starting, ready,
                            releasing, released, failed)
                    VALUES (\(order), 1, 'state', 'accepted', \(count), \(count), 0, 0, 0, 0, 0, 0, 0, 0),
                           (\(order), 2, 'counts', 'accepted', \(count), 0, 0, \(count), 0, 0, 0, 0, 0, 0)
                ), queued AS (
                    INSERT INTO raw.job (queue, kind, payload, state, run_at, unique_key)
                    VALUES ('orders', 'order.reconcile', jsonb_build_object('order', \(order)), 'scheduled',
                            now() + interval '1 day', \("reconcile-\(order)"))
                )
                INSERT INTO raw.instance (order_id, reservation_id, host_id, site_id, billed_from)
                SELECT \(order), reservation_id, host_id, 1, now()
                  FROM taken CROSS JOIN generate_series(1, instance_count)
                """
            )
        }
    }
}
