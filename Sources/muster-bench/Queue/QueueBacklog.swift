import Postgres

/// Millions of jobs that a claim has to leave alone: scheduled for the coming months, or done.
///
/// Put there by the fastest SQL, which for the hot table is to drop the indexes, insert, and make them again.
struct QueueBacklog {
    var scheduled = 10_000_000
    var done = 1_000_000

    func fill(_ database: ArenaDatabase) async throws {
        let began = ContinuousClock.now
        try await database.withSession { session in
            try await session.script(unchecked: "SET synchronous_commit TO off; SET maintenance_work_mem TO '512MB'")
            try await Self.withoutIndexes("queue.job", in: session) {
                try await session.execute(
                    """
                    INSERT INTO queue.job (queue, kind, payload, state, run_at)
                    SELECT 'default', 'bench.nothing', '{"number":0}', 'scheduled',
                           queue.now() + interval '1 day' + number * interval '1 second'
                      FROM generate_series(1, \(scheduled)::bigint) AS number
                    """
                )
            }
            try await session.execute(
                """
                INSERT INTO queue.history (job_id, queue, kind, payload, payload_version, priority, outcome,
                                           attempt_count, max_attempt_count, lease_epoch, worker_name, run_at,
                                           enqueued_at, started_at)
                SELECT -number, 'default', 'bench.nothing', '{"number":0}', 1, 0, 'done', 1, 25, 1, 'bench',
                       queue.now(), queue.now(), queue.now()
                  FROM generate_series(1, \(done)::bigint) AS number
                """
            )
            try await session.script(unchecked: "VACUUM (ANALYZE)")
            try await session.script(unchecked: "CHECKPOINT")
        }
        BenchReport.note("a backlog of \(scheduled) jobs and \(done) done took \((.now - began).inSeconds.shown) s")
    }

    /// Runs `body` while `table` has no indexes, and makes them again as the catalogue describes them.
    private static func withoutIndexes(
        _ table: String,
        in session: Session,
        _ body: () async throws -> Void
    ) async throws {
        let indexes = try await session.rows(
            """
            SELECT CASE WHEN conname IS NULL THEN format('DROP INDEX %s', indexrelid::regclass)
                        ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', indrelid::regclass, conname) END AS dropping,
                   CASE WHEN conname IS NULL THEN pg_get_indexdef(indexrelid)
                        ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', indrelid::regclass, conname,
                                    pg_get_constraintdef(pg_constraint.oid)) END AS making
              FROM pg_index
              LEFT JOIN pg_constraint ON conindid = indexrelid AND conrelid = indrelid
             WHERE indrelid = \(table)::text::regclass
            """
        )
        let statements = try indexes.map { index in
            (drop: try index.decode("dropping", as: String.self), make: try index.decode("making", as: String.self))
        }
        for statement in statements { try await session.script(unchecked: statement.drop) }
        try await body()
        for statement in statements { try await session.script(unchecked: statement.make) }
    }
}
