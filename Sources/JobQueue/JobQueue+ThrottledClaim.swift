import Postgres

/// Which queues and kinds of a claimant have limits that hold over all workers.
struct Throttled: Equatable, Sendable {
    var queues: [String] = []
    var kinds: [String] = []

    var isEmpty: Bool { queues.isEmpty && kinds.isEmpty }
}

/// How many more jobs may start now, by name, of each queue and kind that is limited.
struct Rooms: Equatable, Sendable {
    var queues: [String: Int] = [:]
    var kinds: [String: Int] = [:]
}

extension JobQueue {
    /// The limits that concern `claimant`. Asked for again and again: one set now is noticed a poll interval later.
    static func throttled(for claimant: Claimant, in session: isolated Session) throws -> Throttled {
        var throttled = Throttled()
        for row in try session.rows(
            """
            SELECT scope, name FROM queue.throttle
             WHERE (scope = 'queue' AND name = ANY(\(claimant.queues)::text[]))
                OR (scope = 'kind' AND name = ANY(\(claimant.kinds)::text[]))
             ORDER BY scope, name
            """
        ) {
            let name: String = try row.decode("name")
            if try row.decode("scope") == "queue" {
                throttled.queues.append(name)
            } else {
                throttled.kinds.append(name)
            }
        }
        return throttled
    }

    /// A claim within limits.
    ///
    /// The limits' rows are locked from here to the end of the transaction, so that claimants of what is limited, and only
    /// they, come one after the other. One that is frozen in between holds them up no longer than ``longestSilence``.
    static func claim(
        _ request: ClaimRequest, within throttled: Throttled, in session: isolated Session
    ) throws -> Claimed {
        try session.transaction { session in
            var request = request
            request.rooms = try lockedRooms(within: throttled, for: request, in: session)
            _ = try session.pipeline(preparing(request))
            let urgent = mostUrgent(request, allowed: narrowed(to: request.rooms))
            let found = try Found(session.rows(urgent), for: request.claimant)
            let answers = try session.pipeline(leasing(found, for: request.claimant) + following(request))
            let claimed = try claimed(found, answers, request)
            try take(claimed.claims, in: session)
            return claimed
        }
    }

    /// Locks the limits' rows, and says how much room they leave.
    static func lockedRooms(
        within throttled: Throttled, for request: ClaimRequest, in session: isolated Session
    ) throws -> Rooms {
        try endAfterSilence(of: longestSilence, in: session)
        try lock(throttled, in: session)
        // A statement of its own, so that it sees what the last holder of the locks claimed.
        return try rooms(within: throttled, for: request, in: session)
    }

    private static func concerning(_ throttled: Throttled) -> Statement {
        """
        ((scope = 'queue' AND name = ANY(\(throttled.queues)::text[]))
          OR (scope = 'kind' AND name = ANY(\(throttled.kinds)::text[])))
        """
    }

    private static func lock(_ throttled: Throttled, in session: isolated Session) throws {
        try session.execute(
            "SELECT FROM queue.throttle WHERE \(statement: concerning(throttled)) ORDER BY scope, name FOR UPDATE"
        )
    }

    /// The tokens there are now: those there were, and what has flowed in since.
    private static let tokens: Statement = """
        least(burst_count, token_count + rate_count * extract(epoch FROM queue.now() - refilled_at)
                                                    / extract(epoch FROM rate_period))
        """

    /// What runs of a limited queue or kind. A kind may also run in queues the claimant knows nothing of.
    private static func rooms(
        within throttled: Throttled, for request: ClaimRequest, in session: isolated Session
    ) throws -> Rooms {
        var rooms = Rooms()
        for row in try session.rows(
            """
            SELECT scope, name,
                   greatest(0, least(running_limit - running.count, floor(\(statement: tokens))))::bigint AS room
              FROM queue.throttle
             CROSS JOIN LATERAL (
                SELECT count(*)
                  FROM queue.leased
                 CROSS JOIN LATERAL (
                    SELECT queue, kind FROM queue.job
                     WHERE job.job_id = leased.job_id AND job.revision = leased.revision OFFSET 0
                 ) AS job
                 WHERE (beat >= \(request.lowestBeat) OR leased.queue <> ALL(\(request.claimant.queues)::text[]))
                   AND CASE scope WHEN 'queue' THEN job.queue ELSE kind END = throttle.name
             ) AS running
             WHERE \(statement: concerning(throttled))
            """
        ) {
            let (name, room): (String, Int) = (try row.decode("name"), try row.decode("room"))
            if try row.decode("scope") == "queue" { rooms.queues[name] = room } else { rooms.kinds[name] = room }
        }
        return rooms
    }

    /// The urgent jobs that every limit lets through. What is left waits on.
    private static func narrowed(to rooms: Rooms) -> Statement {
        let (queues, kinds) = (rooms.queues.sorted { $0.key < $1.key }, rooms.kinds.sorted { $0.key < $1.key })
        return """
            WITH numbered AS (
                SELECT urgent.*, row_number() OVER (PARTITION BY queue ORDER BY urgency_at, turn_at, job_id) AS in_queue,
                       row_number() OVER (PARTITION BY kind ORDER BY urgency_at, turn_at, job_id) AS in_kind
                  FROM urgent
            )
            SELECT numbered.*
              FROM numbered
              LEFT JOIN unnest(\(queues.map(\.key))::text[], \(queues.map(\.value))::bigint[])
                     AS of_queue (name, room) ON of_queue.name = numbered.queue
              LEFT JOIN unnest(\(kinds.map(\.key))::text[], \(kinds.map(\.value))::bigint[])
                     AS of_kind (name, room) ON of_kind.name = numbered.kind
             WHERE in_queue <= coalesce(of_queue.room, in_queue) AND in_kind <= coalesce(of_kind.room, in_kind)
            """
    }

    private static func take(_ claims: [Claim], in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE queue.throttle
               SET token_count = greatest(0, \(statement: tokens) - used.count), refilled_at = queue.now()
              FROM (SELECT scope, name, count(*)
                      FROM unnest(\(claims.map(\.lane.queue))::text[], \(claims.map(\.kind))::text[]) AS claim (queue, kind)
                     CROSS JOIN LATERAL (VALUES ('queue', queue), ('kind', kind)) AS used (scope, name)
                     GROUP BY scope, name) AS used
             WHERE throttle.scope = used.scope AND throttle.name = used.name AND rate_count IS NOT NULL
            """
        )
    }
}
