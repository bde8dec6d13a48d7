public import Postgres

/// What a program does that has nothing to put into one transaction with its jobs.
extension JobQueue {
    /// Brings a database that holds nothing but the queue to the schema of the files in `directory`; one that is there
    /// already stays as it is.
    public static func migrate(_ pool: Pool, directory: String) async throws {
        let migrator = try Migrator(directory: directory, subject: "queue")
        _ = try await pool.withSession { session in try await migrator.migrate(session) }
    }

    /// Stores `jobs` in a transaction of their own; see ``enqueue(_:in:)-(_,Session)``.
    @discardableResult
    public static func enqueue(_ jobs: [Job], in pool: Pool) async throws -> [Int64] {
        try await pool.transaction { session in try enqueue(jobs, in: session) }
    }

    /// How these jobs ended, in the order of their ids, once all have or `limit` is over; then without the unfinished.
    ///
    /// - Parameter clock: Only wakes this up to look again, five times a second.
    public static func ends<Timer: Clock<Duration>>(
        of jobIDs: [Int64], within limit: Duration, in pool: Pool, clock: Timer = ContinuousClock()
    ) async throws -> [JobRecord] {
        let deadline = clock.now.advanced(by: limit)
        while try await areUnfinished(jobIDs, in: pool), clock.now < deadline {
            try await clock.sleep(until: min(deadline, clock.now.advanced(by: .milliseconds(200))), tolerance: nil)
        }
        return try await pool.rows(
            """
            SELECT \(statement: JobRecord.finishedColumns)
              FROM queue.history
             WHERE job_id = ANY(\(jobIDs)::bigint[])
             ORDER BY job_id
            """
        ).map { try JobRecord($0) }
    }

    /// Whether any of these jobs is yet to end.
    private static func areUnfinished(_ jobIDs: [Int64], in pool: Pool) async throws -> Bool {
        try await pool.rows("SELECT FROM queue.job WHERE job_id = ANY(\(jobIDs)::bigint[]) LIMIT 1").isEmpty == false
    }
}
