import Postgres

/// What a claim found.
struct Claimed: Sendable {
    /// The most urgent first.
    var claims: [Claim] = []
    /// See ``ClaimRequest/lowestBeat``; `nil` where nobody looked.
    var lowestBeat: Int64?
}

/// What a claim asks for.
struct ClaimRequest: Sendable {
    let claimant: Claimant
    let limit: Int
    /// Where each lane begins; a lane that is not here begins at its head. Empty for a sweep.
    var floors: [Lane: Instant] = [:]
    /// How far lanes with jobs of tenants have come, to be told to those who enqueue.
    var served: [Lane: ServedLanes.News] = [:]
    /// Whether to look first for what has become due.
    var promotes = true
    /// How many more jobs limited queues and kinds may start, so that what may not run hides nothing that may.
    var rooms = Rooms()
    /// No lease of the claimant's queues has a lower beat.
    var lowestBeat: Int64 = 0

    /// The kinds of which anything may start.
    var kinds: [String] { claimant.kinds.filter { rooms.kinds[$0] != 0 } }

    /// The most that may be taken from `lane`.
    func limit(of lane: Lane) -> Int { min(limit, rooms.queues[lane.queue] ?? limit) }
}

extension JobQueue {
    /// Jobs of a queue whose time has come are made available at most this many at a time. A literal, which a plan for all values
    /// knows.
    private static let promotionLimit: Statement = "1000"

    /// Takes the most urgent runnable jobs for a claimant, one lease for those of each queue.
    ///
    /// Its statements are one round trip and one transaction: what was scheduled and is due becomes available, then the
    /// claim. Claimants of one queue come one after the other, so that each sees what the leases of the others name.
    static func claim(_ request: ClaimRequest, in session: isolated Session) throws -> Claimed {
        let before = preparing(request)
        let answers = try session.pipeline(before + [claiming(request)] + following(request))
        var claimed = Claimed(claims: try claims(in: answers[before.count], for: request.claimant))
        if request.promotes { claimed.lowestBeat = try answers.last?.first?.decode(0) }
        return claimed
    }

    /// The answer to ``claiming(_:allowed:)``, the most urgent first: no join promises an order, and letting the server sort
    /// costs it copies of its rows.
    static func claims(in rows: Rows, for claimant: Claimant) throws -> [Claim] {
        let lanes = Lane.all(of: claimant.queues)
        var claims = try rows.map { try Claim($0, of: lanes) }
        claims.sort { ($0.urgencyAt, $0.turnAt, $0.jobID) < ($1.urgencyAt, $1.turnAt, $1.jobID) }
        return claims
    }

    /// What comes before a claim, in the same transaction.
    static func preparing(_ request: ClaimRequest) -> [Statement] {
        [keepingPlans] + (request.promotes ? [promotion(of: request.claimant)] : []) + telling(request)
            + [taking(request.claimant.queues)]
    }

    /// What comes after a claim, in the same transaction. From where on leases must be read is looked up as often as what has
    /// become due.
    static func following(_ request: ClaimRequest) -> [Statement] {
        guard request.promotes else { return forgetting(request) }
        return forgetting(request) + [lowestBeat(of: request.claimant.queues, from: request.lowestBeat)]
    }

    /// To the end of the transaction, plans that read jobs other than in the order of their index are out of question: where
    /// the statistics are those of an empty table, the planner would sort all that waits. What remains may look dear enough to
    /// be compiled, so that is out of question too; and it is the same plan each time, so that it is made once.
    private static let keepingPlans: Statement = """
        SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true),
               set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)
        """

    /// Waits until no other claim of these queues is under way, to the end of the transaction. A claim is a statement of
    /// its own after this, so that it sees the others' leases.
    ///
    /// In one order, so that two claims of the same queues cannot deadlock.
    private static func taking(_ queues: [String]) -> Statement {
        """
        SELECT pg_advisory_xact_lock(hashtextextended('queue.lease ' || queue, 0))
          FROM unnest(\(queues.sorted())::text[]) AS wanted (queue)
        """
    }

    /// What is due takes its turn now, the earliest first: its lane may have come further than its moment.
    private static func promotion(of claimant: Claimant) -> Statement {
        """
        WITH due AS MATERIALIZED (
            SELECT due.job_id, row_number() OVER (PARTITION BY due.queue, due.tenant ORDER BY due.run_at) AS place
              FROM unnest(\(claimant.queues)::text[]) AS wanted (queue)
             CROSS JOIN LATERAL (
                SELECT job_id, run_at, queue, tenant
                  FROM queue.job
                 WHERE state = 'scheduled' AND queue = wanted.queue AND run_at <= queue.now()
                 ORDER BY run_at
                 LIMIT \(statement: promotionLimit)
                   FOR UPDATE SKIP LOCKED
             ) AS due
        )
        UPDATE queue.job
           SET state = 'available', turn_at = \(statement: nextTurn(of: "job")) + due.place * interval '1 microsecond'
          FROM due
         WHERE job.job_id = due.job_id
        """
    }

    /// Each lane is asked by itself, because only so the index gives the order and the scan ends early. Between lanes it
    /// counts how long a job has really been waiting, or one behind it in its lane: the clocks of lanes differ. Where only one
    /// has anything, that is its own order, and nothing is sorted.
    ///
    /// The jobs themselves stay as they are: one row says of all that were taken of a queue who has them. A job that is
    /// changed meanwhile has another revision than the lease names, and is not held by it. Within the statement it is where it
    /// was found, so that what is sorted and copied on the way need not be the whole of it.
    ///
    /// Without limits on queues each lane's is a value the planner can see; one it cannot see it takes for a tenth of all
    /// jobs, and may compile the statement for that.
    ///
    /// `allowed` may narrow what is claimed further, over the rows of `urgent`.
    static func claiming(_ request: ClaimRequest, allowed: Statement? = nil) -> Statement {
        let claimant = request.claimant
        let lanes = Lane.all(of: claimant.queues)
        let chosen: Statement =
            allowed.map { allowed in
                """
                urgent AS MATERIALIZED (\(statement: urgent(request.limit))), chosen AS MATERIALIZED (\(statement: allowed))
                """
            } ?? "chosen AS MATERIALIZED (\(statement: urgent(request.limit)))"
        return """
            WITH lane AS (
                SELECT *
                  FROM unnest(\(lanes.map(\.queue))::text[], \(lanes.map(\.priority))::bigint[],
                              \(lanes.map { request.floors[$0] })::timestamptz[],
                              \(lanes.map(request.limit(of:)))::bigint[])
                       WITH ORDINALITY AS lane (queue, priority, floor_at, room, lane_number)
                 WHERE NOT EXISTS (SELECT FROM queue.pause WHERE pause.queue = lane.queue)
            ), waiting AS MATERIALIZED (
                SELECT next.*, lane.queue, lane.priority, lane_number
                  FROM lane
                 CROSS JOIN LATERAL (
                    SELECT ctid AS place, job_id, revision, kind, turn_at, greatest(run_at, enqueued_at) AS waits_since
                      FROM queue.job
                     WHERE state = 'available' AND queue = lane.queue AND priority = lane.priority::smallint
                       AND turn_at >= coalesce(lane.floor_at, '-infinity') AND kind = ANY(\(request.kinds)::text[])
                       AND \(statement: isFree(in: claimant.queues, from: request.lowestBeat))
                     ORDER BY turn_at, job_id
                     LIMIT \(statement: request.rooms.queues.isEmpty ? "\(request.limit)::bigint" : "lane.room")
                 ) AS next
            ), \(statement: chosen), leased AS (
                INSERT INTO queue.lease (lease_epoch, queue, beat, worker_name, started_at, lease_until, job_ids,
                                         revisions)
                SELECT epoch, queue, epoch, \(claimant.name), queue.now(),
                       statement_timestamp()
                     + \(claimant.leaseDuration.wholeMicroseconds)::bigint * interval '1 microsecond',
                       job_ids, revisions
                  FROM (SELECT nextval('queue.lease_epoch') AS epoch, taken.*
                          FROM (SELECT queue, array_agg(job_id) AS job_ids, array_agg(revision) AS revisions
                                  FROM chosen GROUP BY queue) AS taken) AS drawn
                RETURNING lease_epoch, queue, started_at
            )
            SELECT \(statement: Claim.columns)
              FROM chosen
              JOIN leased ON leased.queue = chosen.queue
              JOIN queue.job ON job.ctid = chosen.place
            """
    }

    /// The most urgent of what is waiting. Of one lane that is its own order, and no urgency need be known.
    private static func urgent(_ limit: Int) -> Statement {
        """
        SELECT place, job_id, revision, kind, queue, lane_number, turn_at, NULL::timestamptz AS urgency_at
          FROM waiting
         WHERE (SELECT min(lane_number) = max(lane_number) FROM waiting)
         UNION ALL
        (SELECT place, job_id, revision, kind, queue, lane_number, turn_at, urgency_at
           FROM (SELECT *, min(waits_since) OVER (PARTITION BY lane_number ORDER BY turn_at DESC, job_id DESC)
                           - priority * interval '1 minute' AS urgency_at
                   FROM waiting
                  WHERE (SELECT min(lane_number) < max(lane_number) FROM waiting)) AS aged
          ORDER BY urgency_at, turn_at, job_id
          LIMIT \(limit)::bigint)
        """
    }

    /// Whether no lease names the row of `queue.job`. The leases are read once for all rows.
    private static func isFree(in queues: [String], from lowestBeat: Int64) -> Statement {
        """
        (job_id, revision) NOT IN (SELECT unnest(job_ids), unnest(revisions) FROM queue.lease
                                    WHERE lease.queue = ANY(\(queues)::text[]) AND lease.beat >= \(lowestBeat))
        """
    }

    /// From where on the leases of `queues` must be read: the lowest beat there is, or the last number drawn where there is no
    /// lease. Exact only for who has their claims to itself; see ``taking(_:)``.
    static func lowestBeat(of queues: [String], from lowestBeat: Int64) -> Statement {
        """
        SELECT coalesce(min(first.beat), (SELECT last_value FROM queue.lease_epoch)) AS lowest
          FROM unnest(\(queues)::text[]) AS wanted (queue)
         CROSS JOIN LATERAL (
            SELECT beat FROM queue.lease WHERE lease.queue = wanted.queue AND beat >= \(lowestBeat) ORDER BY beat LIMIT 1
         ) AS first
        """
    }

    /// In one order, so that two claims that tell of the same lanes cannot deadlock.
    private static func telling(_ request: ClaimRequest) -> [Statement] {
        let busy = request.served.filter { $0.value.turn != nil }
            .sorted { ($0.key.queue, $0.key.priority) < ($1.key.queue, $1.key.priority) }
        guard !busy.isEmpty else { return [] }
        return [
            """
            INSERT INTO queue.lane (queue, priority, served_at)
            SELECT * FROM unnest(\(busy.map(\.key.queue))::text[], \(busy.map(\.key.priority))::bigint[],
                                 \(busy.map(\.value.turn))::timestamptz[])
            ON CONFLICT (queue, priority)
            DO UPDATE SET served_at = greatest(lane.served_at, excluded.served_at), dry = false
            """
        ]
    }

    /// A lane in which nothing waits any more is dry, so that the next turn in it begins now.
    ///
    /// What the claimant may not take (of a paused queue, or another's kind) keeps its lane. One that is locked is told of
    /// by another claim, and not waited for.
    private static func forgetting(_ request: ClaimRequest) -> [Statement] {
        let idle = request.served.filter(\.value.isDry).map(\.key)
        guard !idle.isEmpty else { return [] }
        return [
            """
            WITH idle AS MATERIALIZED (
                SELECT lane.queue, lane.priority
                  FROM queue.lane
                  JOIN unnest(\(idle.map(\.queue))::text[], \(idle.map(\.priority))::bigint[])
                    AS asked (queue, priority) USING (queue, priority)
                 WHERE NOT dry AND NOT EXISTS (
                        SELECT FROM queue.job
                         WHERE state = 'available' AND job.queue = lane.queue AND job.priority = lane.priority
                           AND turn_at > served_at
                           AND \(statement: isFree(in: request.claimant.queues, from: request.lowestBeat)))
                   FOR UPDATE OF lane SKIP LOCKED
            )
            UPDATE queue.lane SET dry = true FROM idle WHERE lane.queue = idle.queue AND lane.priority = idle.priority
            """
        ]
    }
}
