import Postgres

/// What a handler last said about how far it has come.
struct Progress: Sendable, Equatable {
    /// From 0 to 1.
    var share: Double
    var note: String?
}

extension JobQueue {
    /// Lets the server end the caller's transaction when nothing is heard of it for so long: of a frozen process, say, whose
    /// locks would otherwise stay for ever.
    static func endAfterSilence(of duration: Duration, in session: isolated Session) throws {
        let silence = max(1, duration.wholeMicroseconds / 1_000)
        try session.execute("SELECT set_config('idle_in_transaction_session_timeout', \(silence)::text, true)")
    }

    /// Prolongs leases, stores the progress of their jobs, and returns those that still hold, all in one statement.
    ///
    /// A fence that is not among them is stale: its job was rescued, cancelled or finished. A row that somebody has locked
    /// is passed over, because waiting for it would let all the other leases run out. It still holds: no rescuer takes a
    /// locked row, and the next heartbeat prolongs it.
    static func heartbeat(
        _ beats: [(fence: Fence, progress: Progress?)], leaseDuration: Duration, in session: isolated Session
    ) throws -> Set<Fence> {
        let fences = beats.map(\.fence)
        let rows = try session.rows(
            """
            WITH beat AS MATERIALIZED (
                SELECT *
                  FROM unnest(\(fences.map(\.jobID))::bigint[], \(fences.map(\.leaseEpoch))::bigint[],
                              \(beats.map { $0.progress?.share })::float8[], \(beats.map { $0.progress?.note })::text[])
                    AS beat (job_id, lease_epoch, progress, progress_note)
            ), held AS MATERIALIZED (
                SELECT job.job_id, beat.progress, beat.progress_note
                  FROM queue.job JOIN beat USING (job_id, lease_epoch)
                   FOR UPDATE OF job SKIP LOCKED
            ), prolonged AS (
                UPDATE queue.job
                   SET lease_until   = statement_timestamp()
                                     + \(leaseDuration.wholeMicroseconds)::bigint * interval '1 microsecond',
                       progress      = held.progress::real,
                       progress_note = held.progress_note
                  FROM held
                 WHERE job.job_id = held.job_id
            )
            SELECT job_id, lease_epoch FROM queue.job JOIN beat USING (job_id, lease_epoch)
            """
        )
        return Set(try rows.map { try Fence($0) })
    }
}
