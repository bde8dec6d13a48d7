import Postgres

/// What a claim found.
struct Claimed: Sendable {
    /// The most urgent first.
    var claims: [Claim] = []
    /// Whether several lanes have something, as far as is known.
    var isCrowded = false
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
    /// Whether several lanes are known to have something. Otherwise that is looked at first.
    var isCrowded = false
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
    /// One transaction of two round trips: what was scheduled and is due becomes available, and the jobs are found; then they
    /// are leased. Claimants of one queue come one after the other, so that each sees what the leases of the others name.
    static func claim(_ request: ClaimRequest, in session: isolated Session) throws -> Claimed {
        let ((found, isCrowded), answers) = try session.transaction(opening: finding(request)) { session, answers in
            var found = try Found(answers[answers.count - 1], for: request.claimant)
            let isCrowded = request.isCrowded || found.isOfSeveralLanes
            if isCrowded, !request.isCrowded {
                found = try Found(session.rows(mostUrgent(request)), for: request.claimant)
            }
            return ((found, isCrowded), leasing(found, for: request.claimant) + following(request))
        }
        var claimed = try claimed(found, answers, request)
        // Where a claim that was sorted is full and all of one lane, others may have something still.
        claimed.isCrowded = isCrowded && (found.isOfSeveralLanes || found.count == request.limit)
        return claimed
    }

    /// The first round trip of a claim.
    static func finding(_ request: ClaimRequest) -> [Statement] {
        preparing(request) + [request.isCrowded ? mostUrgent(request) : nextOfLanes(request)]
    }

    /// - Parameter answers: To the statements that lease what was found, and to those of ``following(_:)``.
    static func claimed(_ found: Found, _ answers: [Rows], _ request: ClaimRequest) throws -> Claimed {
        let epochs = try answers.prefix(found.takings.count).map { try $0[0].decode(0, as: Int64.self) }
        var claimed = Claimed(claims: try found.claims(leasedAs: epochs))
        if request.promotes { claimed.lowestBeat = try answers.last?.first?.decode(0) }
        return claimed
    }

    /// What comes before a claim, in the same transaction.
    static func preparing(_ request: ClaimRequest) -> [Statement] {
        let promoting: [Statement] = ["SELECT \(statement: claimSettings)", promotion(of: request.claimant)]
        return (request.promotes ? promoting : []) + [taking(request.claimant.queues)] + telling(request)
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
    ///
    /// And a claim whose worker falls silent is over in a moment.
    private static let claimSettings: Statement = """
        set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true),
        set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true),
        \(statement: silenceLimit(longestSilence))
        """

    /// Waits until no other claim of these queues is under way, to the end of the transaction. A claim is a statement of
    /// its own after this, so that it sees the others' leases, and has its settings.
    ///
    /// In one order, so that two claims of the same queues cannot deadlock.
    private static func taking(_ queues: [String]) -> Statement {
        """
        SELECT pg_advisory_xact_lock(\(statement: claimLock(of: "queue"))), \(statement: claimSettings)
          FROM unnest(\(queues.sorted())::text[]) AS wanted (queue)
        """
    }

    /// The number of the lock that a claim of `queue`, an expression, holds.
    static func claimLock(of queue: Statement) -> Statement {
        "hashtextextended('queue.lease ' || \(statement: queue), 0)"
    }

    /// What is due takes its turn now, the earliest first: its lane may have come further than its moment.
    ///
    /// A row is met again where it was found. By its id the server might look for it in all of a table that was empty when the
    /// plan was made.
    private static func promotion(of claimant: Claimant) -> Statement {
        """
        WITH due AS MATERIALIZED (
            SELECT due.row, row_number() OVER (PARTITION BY due.queue, due.tenant ORDER BY due.run_at) AS place
              FROM unnest(\(claimant.queues)::text[]) AS wanted (queue)
             CROSS JOIN LATERAL (
                SELECT ctid AS row, run_at, queue, tenant
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
         WHERE job.ctid = due.row
        """
    }

    /// The jobs that wait in each lane, in its own order: the usual case, in which only one lane has any, and the shortest
    /// statement there is for it. No lane gives more than the limit, so that one row more is proof of several.
    private static func nextOfLanes(_ request: ClaimRequest) -> Statement {
        let columns = Claim.columns(lane: "lane_number", urgency: "NULL::timestamptz")
        return "\(statement: waiting(request, columns: columns)) LIMIT \(request.limit + 1)::bigint"
    }

    /// The most urgent of what waits in any lane. Between lanes it counts how long a job has really been waiting, or one behind it
    /// in its lane: the clocks of lanes differ.
    ///
    /// Within the statement a job is where it was found, so that what is sorted need not be the whole of it.
    ///
    /// - Parameter allowed: What may be claimed of the rows of `urgent`.
    static func mostUrgent(_ request: ClaimRequest, allowed: Statement = "TABLE urgent") -> Statement {
        """
        WITH waiting AS (
            \(statement: waiting(
                request,
                columns: """
                    lane.queue, lane.priority, lane_number, ctid AS place, job_id, kind, turn_at,
                    greatest(run_at, enqueued_at) AS waits_since
                    """
            ))
        ), urgent AS MATERIALIZED (
            SELECT *
              FROM (SELECT *, min(waits_since) OVER (PARTITION BY lane_number ORDER BY turn_at DESC, job_id DESC)
                              - priority * interval '1 minute' AS urgency_at
                      FROM waiting) AS aged
             ORDER BY urgency_at, turn_at, job_id
             LIMIT \(request.limit)::bigint
        ), chosen AS MATERIALIZED (
            \(statement: allowed)
        )
        SELECT \(statement: Claim.columns(lane: "chosen.lane_number", urgency: "chosen.urgency_at"))
          FROM chosen
          JOIN queue.job ON job.ctid = chosen.place
        """
    }

    /// `columns` of the jobs that wait in each lane and that no lease holds, no more of a lane than may be taken of it.
    ///
    /// Each lane is asked by itself, because only so the index gives the order and the scan ends early.
    private static func waiting(_ request: ClaimRequest, columns: Statement) -> Statement {
        let queues = request.claimant.queues
        let lanes = Lane.all(of: queues)
        return """
            SELECT next.*
              FROM unnest(\(lanes.map(\.queue))::text[], \(lanes.map(\.priority))::bigint[],
                          \(lanes.map { request.floors[$0] })::timestamptz[], \(lanes.map(request.limit(of:)))::bigint[])
                   WITH ORDINALITY AS lane (queue, priority, floor_at, room, lane_number)
             CROSS JOIN LATERAL (
                SELECT \(statement: columns)
                  FROM queue.job
                 WHERE state = 'available' AND job.queue = lane.queue AND job.priority = lane.priority::smallint
                   AND turn_at >= coalesce(lane.floor_at, '-infinity') AND kind = ANY(\(request.kinds)::text[])
                   AND \(statement: isFree(in: queues, from: request.lowestBeat))
                 ORDER BY turn_at, job_id
                 LIMIT lane.room
             ) AS next
             WHERE NOT EXISTS (SELECT FROM queue.pause WHERE pause.queue = lane.queue)
            """
    }

    /// One row says of all that were taken of a queue who has them; the jobs themselves stay as they are. A job that is changed
    /// meanwhile has another revision than the lease names, and is not held by it.
    static func leasing(_ found: Found, for claimant: Claimant) -> [Statement] {
        found.takings.map { taking in
            """
            INSERT INTO queue.lease (lease_epoch, queue, beat, worker_name, started_at, lease_until, job_ids, revisions)
            SELECT epoch, \(taking.queue), epoch, \(claimant.name), queue.now(),
                   statement_timestamp() + \(claimant.leaseDuration.wholeMicroseconds)::bigint * interval '1 microsecond',
                   \(taking.jobIDs)::bigint[], \(taking.revisions)::bigint[]
              FROM nextval('queue.lease_epoch') AS epoch
            RETURNING lease_epoch
            """
        }
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

    /// Each word takes the place of the one before. For who has the claims of these queues to itself.
    private static func telling(_ request: ClaimRequest) -> [Statement] {
        let busy = request.served.filter { $0.value.turn != nil }
        guard !busy.isEmpty else { return [] }
        return [
            """
            WITH news AS MATERIALIZED (
                SELECT news.queue, news.priority, greatest(news.served_at, last.served_at) AS served_at, last.row
                  FROM unnest(\(busy.map(\.key.queue))::text[], \(busy.map(\.key.priority))::bigint[],
                              \(busy.map(\.value.turn))::timestamptz[]) AS news (queue, priority, served_at)
                  LEFT JOIN LATERAL (\(statement: lastTold("news.queue", "news.priority"))) AS last ON true
            ), replaced AS (
                DELETE FROM queue.lane WHERE ctid = ANY(ARRAY (SELECT row FROM news))
            )
            INSERT INTO queue.lane (queue, priority, served_at) SELECT queue, priority, served_at FROM news
            """
        ]
    }

    /// A lane in which nothing waits any more is dry, so that the next turn in it begins now.
    ///
    /// What the claimant may not take (of a paused queue, or another's kind) keeps its lane.
    private static func forgetting(_ request: ClaimRequest) -> [Statement] {
        let idle = request.served.filter(\.value.isDry).map(\.key)
        guard !idle.isEmpty else { return [] }
        return [
            """
            WITH idle AS MATERIALIZED (
                SELECT asked.queue, asked.priority, last.served_at, last.row
                  FROM unnest(\(idle.map(\.queue))::text[], \(idle.map(\.priority))::bigint[]) AS asked (queue, priority)
                 CROSS JOIN LATERAL (\(statement: lastTold("asked.queue", "asked.priority"))) AS last
                 WHERE NOT last.dry AND NOT EXISTS (
                        SELECT FROM queue.job
                         WHERE state = 'available' AND job.queue = asked.queue
                           AND job.priority = asked.priority::smallint AND turn_at > last.served_at
                           AND \(statement: isFree(in: request.claimant.queues, from: request.lowestBeat)))
            ), replaced AS (
                DELETE FROM queue.lane WHERE ctid = ANY(ARRAY (SELECT row FROM idle))
            )
            INSERT INTO queue.lane (queue, priority, served_at, dry) SELECT queue, priority, served_at, true FROM idle
            """
        ]
    }
}
