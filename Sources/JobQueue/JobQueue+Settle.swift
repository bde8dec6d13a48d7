import Postgres

/// What storing verdicts found.
struct Settled: Sendable, Equatable {
    /// The attempts that did not hold their jobs any more; nothing was changed for them.
    var stale: Set<Fence> = []
    /// The jobs that are finished now and that others wait for.
    var awaited: [Int64] = []
}

extension JobQueue {
    /// Stores how attempts ended, all in one round trip. Waits for a row somebody has locked no longer than `patience`;
    /// `nil` is for callers whose transaction knows by itself.
    ///
    /// - Parameter leases: Those that hold nothing any more after this; they are forgotten.
    static func settle(
        _ settlements: [Settlement], leases: [Int64] = [], patience: Duration? = nil, in session: isolated Session
    ) throws -> Settled {
        let (alike, done) = AlikeFences.groups(
            of: settlements.filter { $0.verdict == .done }.map(\.fence).sorted { $0.jobID < $1.jobID })
        let others = settlements.filter { $0.verdict != .done }.sorted { $0.fence.jobID < $1.fence.jobID }
        let endings = others.compactMap(Ending.init)
        let returns = others.compactMap(Return.init)
        var statements: [Statement] = []
        if let patience {
            let wait = max(1, patience.wholeMicroseconds / 1_000)
            // Rows are looked up by their ids whatever they are, so one plan serves all batches.
            statements.append(
                """
                SELECT set_config('lock_timeout', \(wait)::text, true), \(statement: lookupSettings),
                       set_config('plan_cache_mode', 'force_generic_plan', true)
                """
            )
        }
        let first = statements.count
        statements += alike.map(finishing)
        if !done.isEmpty { statements.append(finishing(done)) }
        if !endings.isEmpty { statements.append(ending(endings)) }
        if !returns.isEmpty { statements.append(returning(returns)) }
        if !leases.isEmpty { statements.append("DELETE FROM queue.lease WHERE lease_epoch = ANY(\(leases)::bigint[])") }
        var answers = try session.pipeline(statements).dropFirst(first)
        var settled = Settled()
        for fences in alike { try settled.finished(zip(fences.jobIDs, fences.all), answers.removeFirst()[0]) }
        if !done.isEmpty { try settled.finished(zip(1..., done), answers.removeFirst()[0]) }
        try settled.moved(others.map(\.fence), answers.joined())
        return settled
    }

    /// The part of history that jobs belong to which are done: the server need not find it for each.
    private static let doneHistory: Statement = "queue.history_finished"

    /// The common table expression `lease`: those of `fences` that are there. Locked, so that nobody rescues what they hold before
    /// the transaction ends; who waits for a rescuer finds its lease gone.
    private static func leases(of fences: [Fence]) -> Statement { leases(Set(fences.map(\.leaseEpoch)).sorted()) }

    private static func leases(_ epochs: [Int64]) -> Statement {
        """
        lease AS MATERIALIZED (
            SELECT lease_epoch, worker_name, started_at
              FROM queue.lease
             WHERE lease_epoch = ANY(\(epochs)::bigint[])
             ORDER BY lease_epoch
               FOR KEY SHARE
        )
        """
    }

    /// The usual end, and so the shortest statement there is for it: no job is joined to anything, and no row is copied for the case that
    /// somebody changes it meanwhile. Its answer is one row for all jobs, and names those that were held only where some were not.
    private static func finishing(_ fences: AlikeFences) -> Statement {
        """
        WITH \(statement: leases([fences.leaseEpoch])), finished AS (
            DELETE FROM queue.job
             WHERE job_id = ANY(\(fences.jobIDs)::bigint[]) AND revision = \(fences.revision)
               AND EXISTS (SELECT FROM lease)
            RETURNING \(statement: remembered), attempt_count, has_dependents
        ), kept AS (
            \(statement: remembering("finished CROSS JOIN lease", in: doneHistory, outcome: "'done'", reason: "NULL"))
        )
        SELECT CASE WHEN count(*) < \(fences.jobIDs.count)::bigint THEN ARRAY (SELECT job_id FROM finished) END AS held,
               array_agg(job_id) FILTER (WHERE has_dependents) AS awaited
          FROM finished
        """
    }

    /// The same of any attempts. Rows are met in the order of their ids, as in every statement over several jobs. Those that held
    /// are named by their places.
    private static func finishing(_ fences: [Fence]) -> Statement {
        """
        WITH \(statement: leases(of: fences)), fence AS MATERIALIZED (
            SELECT DISTINCT ON (job_id, revision) *
              FROM unnest(\(fences.map(\.jobID))::bigint[], \(fences.map(\.revision))::bigint[],
                          \(fences.map(\.leaseEpoch))::bigint[])
                   WITH ORDINALITY AS fence (job_id, revision, lease_epoch, place)
              JOIN lease USING (lease_epoch)
             ORDER BY job_id, revision, place
        ), deleted AS (
            DELETE FROM queue.job
             WHERE job_id = ANY(\(fences.map(\.jobID))::bigint[])
               AND ((job_id, revision) IN (SELECT job_id, revision FROM fence)) IS TRUE
            RETURNING \(statement: remembered), attempt_count, has_dependents, revision
        ), finished AS MATERIALIZED (
            SELECT deleted.*, fence.lease_epoch, worker_name, started_at, place
              FROM deleted JOIN fence USING (job_id, revision)
        ), kept AS (
            \(statement: remembering("finished", in: doneHistory, outcome: "'done'", reason: "NULL"))
        )
        SELECT CASE WHEN count(*) < \(fences.count)::bigint THEN ARRAY (SELECT place FROM finished) END AS held,
               array_agg(job_id) FILTER (WHERE has_dependents) AS awaited
          FROM finished
        """
    }

    private static func ending(_ endings: [Ending]) -> Statement {
        """
        WITH \(statement: leases(of: endings.map(\.fence))), held AS MATERIALIZED (
            SELECT job.job_id, job.revision, lease.*, ending.outcome, ending.reason
              FROM unnest(\(endings.map(\.fence.jobID))::bigint[], \(endings.map(\.fence.revision))::bigint[],
                          \(endings.map(\.fence.leaseEpoch))::bigint[], \(endings.map(\.outcome))::text[],
                          \(endings.map(\.reason))::text[])
                AS ending (job_id, revision, lease_epoch, outcome, reason)
              JOIN lease USING (lease_epoch)
              JOIN queue.job USING (job_id, revision)
             WHERE job.job_id = ANY(\(endings.map(\.fence.jobID))::bigint[])
             ORDER BY job.job_id
               FOR UPDATE OF job
        ), finished AS (
            DELETE FROM queue.job
             USING held
             WHERE job.job_id = held.job_id AND job.job_id = ANY(ARRAY (SELECT job_id FROM held))
            RETURNING job.*, held.lease_epoch, held.worker_name, held.started_at, held.outcome, held.reason
        ), failed AS (
            INSERT INTO queue.failure (lease_epoch, job_id, attempt_count, reason)
            SELECT lease_epoch, job_id, attempt_count + 1, reason FROM finished WHERE outcome = 'dead'
        ), kept AS (
            \(statement: remembering("finished", outcome: "outcome", reason: "reason"))
        )
        SELECT job_id, revision, lease_epoch, has_dependents FROM finished
        """
    }

    private static func returning(_ returns: [Return]) -> Statement {
        """
        WITH \(statement: leases(of: returns.map(\.fence))), held AS MATERIALIZED (
            SELECT job.job_id, job.revision, lease.lease_epoch, job.attempt_count + 1 AS attempt, waiting.reason,
                   waiting.attempts,
                   CASE WHEN waiting.wait IS NULL THEN job.run_at
                        WHEN job.hasten_count > waiting.hasten_count AND waiting.reason IS NULL THEN queue.now()
                        ELSE queue.now() + waiting.wait * interval '1 microsecond' END AS run_at,
                   waiting.wait IS NULL AS keeps_turn
              FROM unnest(\(returns.map(\.fence.jobID))::bigint[], \(returns.map(\.fence.revision))::bigint[],
                          \(returns.map(\.fence.leaseEpoch))::bigint[], \(returns.map(\.hastenCount))::bigint[],
                          \(returns.map { $0.wait?.wholeMicroseconds })::bigint[], \(returns.map(\.reason))::text[],
                          \(returns.map(\.attempts.rawValue))::text[])
                AS waiting (job_id, revision, lease_epoch, hasten_count, wait, reason, attempts)
              JOIN lease USING (lease_epoch)
              JOIN queue.job USING (job_id, revision)
             WHERE job.job_id = ANY(\(returns.map(\.fence.jobID))::bigint[])
             ORDER BY job.job_id
               FOR UPDATE OF job
        ), failed AS (
            INSERT INTO queue.failure (lease_epoch, job_id, attempt_count, reason)
            SELECT lease_epoch, job_id, attempt, reason FROM held WHERE reason IS NOT NULL
        ), returned AS (
            UPDATE queue.job
               SET state         = CASE WHEN held.run_at > queue.now() THEN 'scheduled' ELSE 'available' END,
                   run_at        = held.run_at,
                   turn_at       = CASE WHEN held.keeps_turn THEN job.turn_at
                                        WHEN held.run_at > queue.now() THEN held.run_at
                                        ELSE \(statement: nextTurn(of: "job")) END,
                   attempt_count = CASE held.attempts WHEN 'charged' THEN held.attempt
                                                  WHEN 'refunded' THEN job.attempt_count
                                                  ELSE 0 END,
                   revision      = nextval('queue.lease_epoch'),
                   progress = NULL, progress_note = NULL
              FROM held
             WHERE job.job_id = held.job_id AND job.job_id = ANY(ARRAY (SELECT job_id FROM held))
            RETURNING held.job_id, held.revision, held.lease_epoch
        )
        SELECT job_id, revision, lease_epoch, false AS has_dependents FROM returned
        """
    }
}

/// Attempts under one lease at jobs of one revision, as those of a claim are at jobs that run for the first time.
private struct AlikeFences {
    private struct Key: Hashable {
        let leaseEpoch: Int64
        let revision: Int64
    }

    /// Fewer are not worth a statement beside that of the others.
    private static let fewest = 32

    let leaseEpoch: Int64
    let revision: Int64
    let jobIDs: [Int64]

    var all: some Sequence<Fence> {
        jobIDs.lazy.map { Fence(jobID: $0, revision: revision, leaseEpoch: leaseEpoch) }
    }

    /// The groups there are among `fences`, and what is in none; all in the order they came.
    static func groups(of fences: [Fence]) -> (groups: [AlikeFences], others: [Fence]) {
        let all = Dictionary(grouping: fences) { Key(leaseEpoch: $0.leaseEpoch, revision: $0.revision) }
        let large = all.filter { $0.value.count >= fewest || fences.count == 1 }
        let groups = large.map { key, fences in
            AlikeFences(leaseEpoch: key.leaseEpoch, revision: key.revision, jobIDs: fences.map(\.jobID))
        }
        let others = fences.filter { large[Key(leaseEpoch: $0.leaseEpoch, revision: $0.revision)] == nil }
        return (groups.sorted { $0.jobIDs[0] < $1.jobIDs[0] }, others)
    }
}

extension Settled {
    /// Takes in the answer about jobs that are done, each with the number that the answer knows it by.
    fileprivate mutating func finished(_ asked: some Sequence<(Int64, Fence)>, _ answer: Row) throws {
        awaited += try answer.decode(1, as: [Int64]?.self) ?? []
        guard let held = try answer.decode(0, as: [Int64]?.self).map(Set.init) else { return }
        stale.formUnion(asked.lazy.filter { !held.contains($0.0) }.map(\.1))
    }

    /// Takes in the answers about all others: a row for each that held its job.
    fileprivate mutating func moved(_ asked: [Fence], _ answers: some Sequence<Row>) throws {
        stale.formUnion(asked)
        for row in answers {
            let fence = try Fence(row)
            stale.remove(fence)
            if try row.decode(3) { awaited.append(fence.jobID) }
        }
    }
}
