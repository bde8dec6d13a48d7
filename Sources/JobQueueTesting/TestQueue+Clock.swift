public import Postgres

/// The clock is that of all sessions with the database: it lies in a table, which `queue.now()` reads. Leases keep the real
/// one, because they measure whether a process lives.
extension TestQueue {
    /// The moment it is for the queue.
    public func now() async throws -> Instant {
        try await pool.rows("SELECT queue.now() AS now")[0].decode("now")
    }

    /// Puts the clock forward. It goes on from there, or stands there if it was stopped.
    public func advance(by duration: Duration) async throws {
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        try await pool.execute(
            "UPDATE queue.test_clock SET ahead = ahead + \(microseconds)::bigint * interval '1 microsecond'"
        )
    }

    /// Puts the clock to `moment` and lets it stand there, so that every stored time can be foretold.
    public func stopClock(at moment: Instant) async throws {
        try await pool.execute("UPDATE queue.test_clock SET stopped_at = \(moment), ahead = interval '0'")
    }

    func takeOverClock() async throws {
        try await pool.transaction { session in
            try session.execute("SELECT pg_advisory_xact_lock(hashtextextended('queue.test_clock', 0))")
            try session.execute(
                """
                CREATE TABLE IF NOT EXISTS queue.test_clock (
                    only_one   boolean     PRIMARY KEY DEFAULT true,
                    stopped_at timestamptz,
                    ahead      interval    NOT NULL DEFAULT '0',

                    CONSTRAINT test_clock_only_one CHECK (only_one)
                )
                """
            )
            try session.execute("INSERT INTO queue.test_clock DEFAULT VALUES ON CONFLICT DO NOTHING")
            try session.execute(
                """
                CREATE OR REPLACE FUNCTION queue.now() RETURNS timestamptz
                    LANGUAGE sql STABLE
                    AS $$ SELECT coalesce(stopped_at, statement_timestamp()) + ahead FROM queue.test_clock $$
                """
            )
        }
    }
}
