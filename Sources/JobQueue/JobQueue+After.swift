import Postgres

extension JobQueue {
    /// Stores jobs that wait for others.
    ///
    /// The predecessors are marked, so that who finishes one looks after those behind it. One that is finishing at this
    /// moment makes this wait; one that has finished is looked after here.
    static func insertBlocked(_ jobs: [Job], in session: isolated Session) throws -> [(place: Int, id: Int64)] {
        let predecessors = Set(jobs.flatMap { $0.predecessors.map(\.jobID) }).sorted()
        try mark(predecessors, in: session)
        let ids = try insertWaiting(jobs, in: session)
        let pairs = zip(ids, jobs).flatMap { id, job in job.predecessors.map { (id, $0) } }
        try session.execute(
            """
            INSERT INTO queue.dependency (job_id, after_job_id, condition)
            SELECT * FROM unnest(\(pairs.map(\.0))::bigint[], \(pairs.map(\.1.jobID))::bigint[],
                                 \(pairs.map(\.1.condition.rawValue))::text[])
            ON CONFLICT DO NOTHING
            """
        )
        _ = try unblock(after: predecessors, in: session)
        return zip(0..., ids).map { ($0, $1) }
    }

    private static func mark(_ predecessors: [Int64], in session: isolated Session) throws {
        let known = try session.rows(
            """
            WITH locked AS MATERIALIZED (
                SELECT job_id FROM queue.job WHERE job_id = ANY(\(predecessors)::bigint[]) ORDER BY job_id FOR UPDATE
            ), marked AS (
                UPDATE queue.job SET has_dependents = true WHERE job_id = ANY(ARRAY (SELECT job_id FROM locked))
                RETURNING job_id
            )
            SELECT job_id FROM marked
            """
        ).map { try $0.decode("job_id", as: Int64.self) }
        // A statement of its own, to see those that finished while the one before waited.
        let finished = try session.rows(
            """
            SELECT DISTINCT job_id FROM queue.history
             WHERE job_id = ANY(\(Array(Set(predecessors).subtracting(known)))::bigint[])
            """
        ).map { try $0.decode("job_id", as: Int64.self) }
        let unknown = Set(predecessors).subtracting(known).subtracting(finished)
        guard unknown.isEmpty else { throw JobError.unknownPredecessors(unknown.sorted()) }
    }

    private static func insertWaiting(_ jobs: [Job], in session: isolated Session) throws -> [Int64] {
        try session.rows(
            """
            WITH \(statement: newJobs(jobs))
            INSERT INTO queue.job (\(statement: storedColumns))
            SELECT queue, kind, payload, payload_version, priority, max_attempt_count, unique_key, tenant, trace, timeout,
                   run_at, turn_at, 'blocked'
              FROM new ORDER BY place
            RETURNING job_id
            """
        ).map { try $0.decode("job_id", as: Int64.self) }
    }
}
