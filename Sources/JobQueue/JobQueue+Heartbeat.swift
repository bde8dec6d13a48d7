import Postgres

/// What a handler last said about how far it has come.
struct Progress: Sendable, Equatable {
    /// From 0 to 1.
    var share: Double
    var note: String?
}

extension JobQueue {
    /// Prolongs leases, stores the progress of their jobs, and returns the attempts that still hold, all in one round trip.
    ///
    /// A fence that is not among them is stale: its job was rescued, cancelled, finished or made another one. A lease or a job
    /// that somebody has locked is passed over, because waiting for it would let all the other leases run out. It still holds:
    /// no rescuer takes what is locked, and the next heartbeat prolongs it.
    static func heartbeat(
        _ beats: [(fence: Fence, progress: Progress?)], leaseDuration: Duration, in session: isolated Session
    ) throws -> Set<Fence> {
        let fences = beats.map(\.fence)
        let epochs = Set(fences.map(\.leaseEpoch)).sorted()
        let told = beats.filter { $0.progress != nil }
        let beating: Statement = """
            WITH held AS MATERIALIZED (
                SELECT lease_epoch
                  FROM queue.lease
                 WHERE lease_epoch = ANY(\(epochs)::bigint[])
                   FOR NO KEY UPDATE SKIP LOCKED
            ), prolonged AS (
                UPDATE queue.lease
                   SET beat        = nextval('queue.lease_epoch'),
                       lease_until = statement_timestamp()
                                   + \(leaseDuration.wholeMicroseconds)::bigint * interval '1 microsecond'
                  FROM held
                 WHERE lease.lease_epoch = held.lease_epoch
                   AND lease.lease_epoch = ANY(ARRAY (SELECT lease_epoch FROM held))
            ), told AS MATERIALIZED (
                SELECT job.job_id, told.progress, told.progress_note
                  FROM unnest(\(told.map(\.fence.jobID))::bigint[], \(told.map(\.fence.revision))::bigint[],
                              \(told.map { $0.progress?.share })::float8[], \(told.map { $0.progress?.note })::text[])
                    AS told (job_id, revision, progress, progress_note)
                  JOIN queue.job USING (job_id, revision)
                 WHERE job.job_id = ANY(\(told.map(\.fence.jobID))::bigint[])
                   FOR NO KEY UPDATE OF job SKIP LOCKED
            ), written AS (
                UPDATE queue.job
                   SET progress = told.progress::real, progress_note = told.progress_note
                  FROM told
                 WHERE job.job_id = told.job_id AND job.job_id = ANY(ARRAY (SELECT job_id FROM told))
            )
            SELECT job_id, revision, lease_epoch
              FROM unnest(\(fences.map(\.jobID))::bigint[], \(fences.map(\.revision))::bigint[],
                          \(fences.map(\.leaseEpoch))::bigint[]) AS beat (job_id, revision, lease_epoch)
              JOIN queue.lease USING (lease_epoch)
              JOIN queue.job USING (job_id, revision)
             WHERE lease.lease_epoch = ANY(\(epochs)::bigint[])
               AND job.job_id = ANY(\(fences.map(\.jobID))::bigint[])
            """
        let rows = try session.pipeline(["SELECT \(statement: lookupSettings)", beating])[1]
        return Set(try rows.map { try Fence($0) })
    }
}
