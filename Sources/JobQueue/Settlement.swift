import Postgres

/// What is to be stored about an attempt that ended.
struct Settlement: Sendable, Equatable {
    enum Verdict: Sendable, Equatable {
        case done
        case discarded(reason: String)
        /// The last attempt failed.
        case dead(reason: String)
        /// Failed, to be tried again after the wait.
        case retry(after: Duration, reason: String)
        case snoozed(Duration)
        /// Not run to its end by no fault of the job's: available at once.
        case handedBack
    }

    let fence: Fence
    let verdict: Verdict
}

extension JobQueue {
    /// Longer reasons are cut: the first lines of an error tell what it is.
    static let reasonLimit = 4_000

    /// Stores how attempts ended, all in one round trip, and returns the fences that held.
    ///
    /// A fence that is not among them was stale, and nothing was changed for it.
    static func settle(_ settlements: [Settlement], in session: isolated Session) throws -> Set<Fence> {
        let endings = settlements.compactMap(Ending.init)
        let returns = settlements.compactMap(Return.init)
        var statements: [Statement] = []
        if !endings.isEmpty { statements.append(finishing(endings)) }
        if !returns.isEmpty { statements.append(returning(returns)) }
        return Set(try session.pipeline(statements).flatMap { try $0.map { try Fence($0) } })
    }

    /// A settlement that takes the job out of the hot table.
    private struct Ending {
        let fence: Fence
        let outcome: String
        let reason: String?

        init?(_ settlement: Settlement) {
            fence = settlement.fence
            switch settlement.verdict {
            case .done: (outcome, reason) = ("done", nil)
            case .discarded(let why): (outcome, reason) = ("discarded", bounded(why))
            case .dead(let why): (outcome, reason) = ("dead", bounded(why))
            case .retry, .snoozed, .handedBack: return nil
            }
        }
    }

    /// What a return does to the number of attempts.
    private enum Attempts: String {
        /// A failure: one attempt fewer is left.
        case charged
        /// The worker's doing: as if it had not been.
        case refunded
        /// A success: failures are counted in a row, or a periodic job would die of a year's bad moments.
        case forgotten
    }

    /// A settlement after which the job waits again.
    private struct Return {
        let fence: Fence
        /// `nil` keeps the job's place among those that wait.
        let wait: Duration?
        let reason: String?
        let attempts: Attempts

        init?(_ settlement: Settlement) {
            fence = settlement.fence
            switch settlement.verdict {
            case .retry(let wait, let why): (self.wait, reason, attempts) = (wait, bounded(why), .charged)
            case .snoozed(let wait): (self.wait, reason, attempts) = (wait, nil, .forgotten)
            case .handedBack: (wait, reason, attempts) = (nil, nil, .refunded)
            case .done, .discarded, .dead: return nil
            }
        }
    }

    /// PostgreSQL's text cannot hold NUL.
    private static func bounded(_ reason: String) -> String {
        String(String.UnicodeScalarView(reason.unicodeScalars.prefix(reasonLimit).map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }

    private static func finishing(_ endings: [Ending]) -> Statement {
        """
        WITH held AS MATERIALIZED (
            SELECT job.job_id, ending.outcome, ending.reason
              FROM queue.job
              JOIN unnest(\(endings.map(\.fence.jobID))::bigint[], \(endings.map(\.fence.leaseEpoch))::bigint[],
                          \(endings.map(\.outcome))::text[], \(endings.map(\.reason))::text[])
                AS ending (job_id, lease_epoch, outcome, reason) USING (job_id, lease_epoch)
             ORDER BY job.job_id
               FOR UPDATE OF job
        ), finished AS (
            DELETE FROM queue.job USING held WHERE job.job_id = held.job_id
            RETURNING job.*, held.outcome, held.reason
        ), failed AS (
            INSERT INTO queue.failure (lease_epoch, job_id, attempt_count, reason)
            SELECT lease_epoch, job_id, attempt_count, reason FROM finished WHERE outcome = 'dead'
        )
        INSERT INTO queue.history (job_id, queue, kind, payload, priority, unique_key, outcome, reason,
                                   attempt_count, lease_epoch, worker_name, run_at, enqueued_at, started_at)
        SELECT job_id, queue, kind, payload, priority, unique_key, outcome, reason,
               attempt_count, lease_epoch, worker_name, run_at, enqueued_at, started_at
          FROM finished
        RETURNING job_id, lease_epoch
        """
    }

    private static func returning(_ returns: [Return]) -> Statement {
        """
        WITH held AS MATERIALIZED (
            SELECT job.job_id, job.lease_epoch, job.attempt_count, waiting.reason, waiting.attempts,
                   CASE WHEN waiting.wait IS NULL THEN job.run_at
                        WHEN job.hastened AND waiting.reason IS NULL THEN queue.now()
                        ELSE queue.now() + waiting.wait * interval '1 microsecond' END AS run_at
              FROM queue.job
              JOIN unnest(\(returns.map(\.fence.jobID))::bigint[], \(returns.map(\.fence.leaseEpoch))::bigint[],
                          \(returns.map { $0.wait?.wholeMicroseconds })::bigint[], \(returns.map(\.reason))::text[],
                          \(returns.map(\.attempts.rawValue))::text[])
                AS waiting (job_id, lease_epoch, wait, reason, attempts) USING (job_id, lease_epoch)
             ORDER BY job.job_id
               FOR UPDATE OF job
        ), failed AS (
            INSERT INTO queue.failure (lease_epoch, job_id, attempt_count, reason)
            SELECT lease_epoch, job_id, attempt_count, reason FROM held WHERE reason IS NOT NULL
        ), returned AS (
            UPDATE queue.job
               SET state         = CASE WHEN held.run_at > queue.now() THEN 'scheduled' ELSE 'available' END,
                   run_at        = held.run_at,
                   attempt_count = CASE held.attempts WHEN 'charged' THEN job.attempt_count
                                                  WHEN 'refunded' THEN job.attempt_count - 1
                                                  ELSE 0 END,
                   hastened = false, lease_epoch = NULL, lease_until = NULL, worker_name = NULL, started_at = NULL
              FROM held
             WHERE job.job_id = held.job_id
            RETURNING job.job_id
        )
        SELECT held.job_id, held.lease_epoch FROM held JOIN returned USING (job_id)
        """
    }
}
