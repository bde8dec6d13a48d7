import Postgres

/// What a handler last said about how far it has come.
struct Progress: Sendable, Equatable {
    /// From 0 to 1.
    var share: Double
    var note: String?
}

extension JobQueue {
    /// Prolongs leases, stores the progress of their jobs, and returns those that still hold, all in one statement.
    ///
    /// A fence that is not among them is stale: its job was rescued, cancelled or finished. Rows are locked in the
    /// order of their ids, as every statement over several jobs does, so that two of them cannot deadlock.
    static func heartbeat(
        _ beats: [(fence: Fence, progress: Progress?)], leaseDuration: Duration, in session: isolated Session
    ) throws -> Set<Fence> {
        let fences = beats.map(\.fence)
        let rows = try session.rows(
            """
            WITH held AS MATERIALIZED (
                SELECT job.job_id, beat.progress, beat.progress_note
                  FROM queue.job
                  JOIN unnest(\(fences.map(\.jobID))::bigint[], \(fences.map(\.leaseEpoch))::bigint[],
                              \(beats.map { $0.progress?.share })::float8[], \(beats.map { $0.progress?.note })::text[])
                    AS beat (job_id, lease_epoch, progress, progress_note) USING (job_id, lease_epoch)
                 ORDER BY job.job_id
                   FOR UPDATE OF job
            )
            UPDATE queue.job
               SET lease_until   = statement_timestamp()
                                 + \(leaseDuration.wholeMicroseconds)::bigint * interval '1 microsecond',
                   progress      = held.progress::real,
                   progress_note = held.progress_note
              FROM held
             WHERE job.job_id = held.job_id
            RETURNING job.job_id, job.lease_epoch
            """
        )
        return Set(try rows.map { try Fence($0) })
    }
}
