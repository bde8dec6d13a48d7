import FoundationEssentials
import Postgres
import TestSupport
import Testing

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct DeviceMigrationTests {
    /// Applies all migrations, and `filling` before the one that names devices.
    private func migrate(_ pool: Pool, filling: String) async throws {
        let folder =
            #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
            + "/Migrations"
        for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            let bytes = try Data(contentsOf: URL(filePath: folder + "/" + file))
            try await pool.withSession { session in
                if file.hasSuffix("_gpu_share.sql") { try await session.script(unchecked: filling) }
                try await session.script(unchecked: String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    @Test("whole GPUs that were counted by host get devices, a row for each instance, and nothing is oversold")
    func filled() async throws {
        let pool = FreshDatabase.current.pool
        try await migrate(
            pool,
            filling: """
                INSERT INTO muster.tenant (name) VALUES ('t');
                INSERT INTO muster.site (name, province, city, carrier, origin)
                VALUES ('s', '11', '1101', 'telecom', 'self');
                INSERT INTO muster.host (site_id, name, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count)
                SELECT site_id, 'h', 64000, 65536, 0, 0, 'G2', 4 FROM muster.site;
                INSERT INTO muster."order"
                       (tenant_id, kind, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count, image,
                        command, environment, scope, spread, window_start, window_end, lead_seconds, grace_seconds, policy,
                        top_up, requested_count, waiting_count)
                SELECT tenant_id, 'container', 1000, 1024, 0, 0, 'G2', 1, 'i', '{}', '{}', '{}', '[]', now(), now(), 0, 0,
                       'bestEffort', true, 100, 100
                  FROM muster.tenant;
                INSERT INTO muster.reservation
                       (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                        bandwidth_mbps, gpu_model, gpu_count)
                SELECT order_id, host_id, tstzrange(now() + make_interval(secs => start), now() + make_interval(secs => until)),
                       count, count, 1000, 1024, 0, 0, CASE WHEN gpus > 0 THEN 'G2' END, gpus
                  FROM muster."order", muster.host,
                       (VALUES (0, 100, 3, 1), (50, 150, 1, 1), (100, 200, 1, 3), (150, 300, 1, 1), (0, 900, 2, 0))
                       AS r (start, until, count, gpus);
                INSERT INTO muster.instance (order_id, reservation_id, host_id, site_id, billed_from)
                SELECT order_id, reservation_id, r.host_id, h.site_id, now()
                  FROM muster.reservation r JOIN muster.host h USING (host_id)
                 CROSS JOIN generate_series(1, r.instance_count);
                """
        )
        let rows = try await pool.rows(
            """
            SELECT r.instance_count, r.live_count, r.gpu_devices::text AS devices, count(i.instance_id) AS instances
              FROM muster.reservation r
              LEFT JOIN muster.instance i USING (reservation_id)
             GROUP BY r.reservation_id
             ORDER BY lower(r.held), r.gpu_devices
            """
        )
        #expect(
            try rows.map { try $0.decode("devices", as: String?.self) }
                == ["{0}", "{1}", "{2}", nil, "{3}", "{0,1,2}", "{3}"])
        #expect(try rows.map { try $0.decode("live_count", as: Int.self) } == [1, 1, 1, 2, 1, 1, 1])
        #expect(try rows.map { try $0.decode("instances", as: Int.self) } == [1, 1, 1, 2, 1, 1, 1])
        #expect(try await pool.rows("SELECT * FROM report.oversold").isEmpty)
        #expect(try await pool.rows("SELECT * FROM report.unbalanced").isEmpty)
    }
}
