import Postgres

/// What the database alone takes for an order's worth of rows: one INSERT and its commit, over a session of ours, in a
/// table like the ledger's but without triggers, foreign keys and guards.
struct SQLFloor {
    var rows: Int
    var commits: Int

    /// Milliseconds of each commit.
    func times(_ database: BenchDatabase) async throws -> [Double] {
        let session = database.session
        try await session.execute("DROP TABLE IF EXISTS public.muster_bench_floor")
        try await session.execute(
            """
            CREATE TABLE public.muster_bench_floor (
                reservation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                order_id bigint NOT NULL, host_id bigint NOT NULL, held tstzrange NOT NULL,
                instance_count integer NOT NULL, live_count integer NOT NULL,
                vcpu_milli bigint NOT NULL, memory_mib bigint NOT NULL, disk_gib bigint NOT NULL,
                bandwidth_mbps bigint NOT NULL, gpu_count bigint NOT NULL)
            """
        )
        try await session.execute("CREATE INDEX ON public.muster_bench_floor (host_id)")
        var times: [Double] = []
        for order in 0..<commits {
            let began = ContinuousClock.now
            try await session.execute(
                """
                INSERT INTO public.muster_bench_floor
                       (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                        bandwidth_mbps, gpu_count)
                SELECT \(Int64(order)), host, tstzrange(now(), now() + interval '1 hour'), 4, 4, 1000, 2048, 0, 0, 0
                  FROM generate_series(1, \(rows)) AS host
                """
            )
            times.append((.now - began).inMilliseconds)
        }
        try await session.execute("DROP TABLE public.muster_bench_floor")
        return times
    }
}
