import Postgres

/// One attempt at one job, as the database gave it out.
struct Claim: Sendable {
    let jobID: Int64
    let leaseEpoch: Int64
    let kind: String
    let queue: String
    let payload: String
    let attempt: Int
    let maxAttempts: Int
    let enqueuedAt: Instant

    /// What every later statement about this attempt must name; see `Decisions/0001-lease-epoch`.
    var fence: Fence { Fence(jobID: jobID, leaseEpoch: leaseEpoch) }
}

/// The proof that a statement speaks for the attempt that holds the job now.
struct Fence: Hashable, Sendable {
    let jobID: Int64
    let leaseEpoch: Int64

    init(jobID: Int64, leaseEpoch: Int64) {
        self.jobID = jobID
        self.leaseEpoch = leaseEpoch
    }

    init(_ row: Row) throws {
        self.init(jobID: try row.decode("job_id"), leaseEpoch: try row.decode("lease_epoch"))
    }
}

/// Whom a claim is for.
struct Claimant: Sendable {
    let name: String
    let queues: [String]
    let kinds: [String]
    let leaseDuration: Duration
}

extension JobQueue {
    /// Jobs whose time has come are made available at most this many at a time.
    static let promotionLimit = 1_000

    /// Takes up to `limit` runnable jobs for `claimant`, the most urgent first, and starts their leases.
    ///
    /// Two statements in one round trip: what was scheduled and is due becomes available, then the claim. Locked rows
    /// are skipped, so that claimants never wait for each other and never take the same job.
    static func claim(_ limit: Int, for claimant: Claimant, in session: isolated Session) throws -> [Claim] {
        let answers = try session.pipeline([promotion(of: claimant), claiming(limit, for: claimant)])
        guard let rows = answers.last else { return [] }
        return try rows.map { row in
            Claim(
                jobID: try row.decode("job_id"),
                leaseEpoch: try row.decode("lease_epoch"),
                kind: try row.decode("kind"),
                queue: try row.decode("queue"),
                payload: try row.decode("payload"),
                attempt: try row.decode("attempt_count"),
                maxAttempts: try row.decode("max_attempt_count"),
                enqueuedAt: try row.decode("enqueued_at")
            )
        }
    }

    private static func promotion(of claimant: Claimant) -> Statement {
        """
        WITH due AS MATERIALIZED (
            SELECT job_id
              FROM queue.job
             WHERE state = 'scheduled' AND run_at <= queue.now() AND queue = ANY(\(claimant.queues)::text[])
             ORDER BY run_at
             LIMIT \(promotionLimit)::bigint
               FOR UPDATE SKIP LOCKED
        )
        UPDATE queue.job SET state = 'available' FROM due WHERE job.job_id = due.job_id
        """
    }

    /// The inner query asks each queue by itself, because only so the index gives its order and the scan ends early.
    private static func claiming(_ limit: Int, for claimant: Claimant) -> Statement {
        """
        WITH chosen AS MATERIALIZED (
            SELECT urgent.job_id
              FROM unnest(\(claimant.queues)::text[]) AS wanted (queue)
             CROSS JOIN LATERAL (
                SELECT job_id, priority, run_at
                  FROM queue.job
                 WHERE state = 'available' AND queue = wanted.queue AND kind = ANY(\(claimant.kinds)::text[])
                 ORDER BY priority DESC, run_at, job_id
                 LIMIT \(limit)::bigint
                   FOR UPDATE SKIP LOCKED
             ) AS urgent
             ORDER BY urgent.priority DESC, urgent.run_at, urgent.job_id
             LIMIT \(limit)::bigint
        ), claimed AS (
            UPDATE queue.job
               SET state         = 'running',
                   attempt_count = attempt_count + 1,
                   started_at    = queue.now(),
                   worker_name   = \(claimant.name),
                   lease_epoch   = nextval('queue.lease_epoch'),
                   lease_until   = statement_timestamp()
                                 + \(claimant.leaseDuration.wholeMicroseconds)::bigint * interval '1 microsecond'
              FROM chosen
             WHERE job.job_id = chosen.job_id
            RETURNING job.job_id, job.lease_epoch, job.kind, job.queue, job.payload, job.attempt_count,
                      job.max_attempt_count, job.enqueued_at, job.priority, job.run_at
        )
        SELECT job_id, lease_epoch, kind, queue, payload::text, attempt_count, max_attempt_count, enqueued_at
          FROM claimed
         ORDER BY priority DESC, run_at, job_id
        """
    }
}
