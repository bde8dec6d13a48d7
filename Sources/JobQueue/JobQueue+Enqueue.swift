public import Postgres

extension JobQueue {
    /// From so many jobs on, COPY is faster than a statement with arrays.
    static let copyThreshold = 200

    /// Stores `jobs` and returns the ids of those that are new, in order.
    ///
    /// They exist if and only if the caller's transaction commits; outside of one they are stored all together or not at
    /// all. A job whose unique key is taken, by an unfinished job or an earlier one of `jobs`, adds nothing. Where
    /// another transaction is just enqueueing the same key, this waits for its end.
    ///
    /// - Throws: ``JobError/unknownPredecessors(_:)``, and what PostgreSQL says of values out of bounds.
    @discardableResult
    public static func enqueue(_ jobs: [Job], in session: isolated Session) throws -> [Int64] {
        guard !jobs.isEmpty else { return [] }
        if jobs.allSatisfy(\.isFree) {
            let takeTurns = jobs.contains { $0.tenant != nil }
            if jobs.count >= copyThreshold, !takeTurns { return try copy(jobs, in: session) }
            if jobs.count == 1, jobs[0].isPlain { return try insertOne(jobs[0], in: session) }
            if jobs.allSatisfy(\.isPlain) { return try insertPlain(jobs, in: session) }
            return try insert(jobs, in: session)
        }
        guard !session.isInTransaction else { return try enqueueMixed(jobs, in: session).map(\.id) }
        return try session.transaction { session in try enqueueMixed(jobs, in: session).map(\.id) }
    }

    /// The same for jobs of several callers: the id of each, `nil` for one that adds nothing. Those that follow a rule need a
    /// transaction around this.
    ///
    /// - Parameter jobs: Asked only when the session is there.
    static func enqueueEach(_ jobs: () -> [Job], in session: isolated Session) throws -> [Int64?] {
        let jobs = jobs()
        if jobs.allSatisfy(\.isFree) { return try enqueue(jobs, in: session) }
        var ids: [Int64?] = jobs.map { _ in nil }
        for (place, id) in try enqueueMixed(jobs, in: session) { ids[place] = id }
        return ids
    }

    /// One statement for each rule that `jobs` follow, in the order in which the rules come up.
    private static func enqueueMixed(
        _ jobs: [Job], in session: isolated Session
    ) throws -> [(place: Int, id: Int64)] {
        var ids: [(place: Int, id: Int64)] = []
        for (rule, members) in Dictionary(grouping: jobs.enumerated(), by: { Rule(of: $0.element) })
            .sorted(by: { $0.value[0].offset < $1.value[0].offset })
        {
            let jobs = members.map(\.element)
            let stored: [(place: Int, id: Int64)] =
                switch rule {
                case .free: zip(0..., try insert(jobs, in: session)).map { ($0, $1) }
                case .keep: try insertKeyed(jobs, onConflict: "DO NOTHING", in: session)
                case .replace: try insertKeyed(jobs, onConflict: replacement, in: session)
                case .window: try insertOncePerWindow(jobs, in: session)
                case .after: try insertBlocked(jobs, in: session)
                }
            ids += stored.map { (members[$0.place].offset, $0.id) }
        }
        return ids.sorted { $0.place < $1.place }
    }

    /// Which statement stores a job.
    private enum Rule: Hashable {
        case free
        case keep
        case replace
        case window
        case after

        init(of job: Job) {
            switch job.uniqueness {
            case nil: self = job.predecessors.isEmpty ? .free : .after
            case let unique? where unique.window != nil: self = .window
            case let unique?: self = unique.conflict == .keep ? .keep : .replace
            }
        }
    }

    /// The waiting job of the same key becomes the new one; a running one stays what it is. One that is just being claimed may
    /// run as what it was; that attempt counts for nothing then, and the new one runs after it.
    private static let replacement: Statement = """
        DO UPDATE SET kind = excluded.kind, payload = excluded.payload, payload_version = excluded.payload_version,
                      priority = excluded.priority, max_attempt_count = excluded.max_attempt_count, attempt_count = 0,
                      timeout = excluded.timeout, trace = excluded.trace, run_at = excluded.run_at,
                      turn_at = CASE job.state WHEN 'available' THEN job.turn_at ELSE excluded.turn_at END,
                      state = excluded.state, revision = nextval('queue.lease_epoch')
         WHERE job.state IN ('available', 'scheduled') AND job.queue = excluded.queue
           AND NOT EXISTS (SELECT FROM queue.lease
                            WHERE lease.queue = job.queue
                              AND lease.revisions[array_position(lease.job_ids, job.job_id)] = job.revision)
        """

    /// The usual case, and so the cheapest statement there is for it: one job that leaves all else to the table but its
    /// turn. The time is asked for once, not by each default.
    private static func insertOne(_ job: Job, in session: isolated Session) throws -> [Int64] {
        try session.rows(
            """
            INSERT INTO queue.job (queue, kind, payload, state, run_at, enqueued_at, turn_at)
            SELECT \(job.queue)::text, \(job.kind)::text, \(job.payload)::jsonb, 'available', clock.now, clock.now,
                   coalesce(\(statement: toldClock("\(job.queue)", "0")), clock.now)
              FROM (SELECT queue.now() OFFSET 0) AS clock (now)
            RETURNING job_id
            """
        ).map { try $0.decode(0) }
    }

    /// The same of several jobs.
    private static func insertPlain(_ jobs: [Job], in session: isolated Session) throws -> [Int64] {
        try session.rows(
            """
            INSERT INTO queue.job (queue, kind, payload, state, run_at, enqueued_at, turn_at)
            SELECT job.queue, job.kind, job.payload::jsonb, 'available', clock.now, clock.now,
                   coalesce(\(statement: toldClock("job.queue", "0")), clock.now)
              FROM (SELECT queue.now() OFFSET 0) AS clock (now)
             CROSS JOIN unnest(\(jobs.map(\.queue))::text[], \(jobs.map(\.kind))::text[], \(jobs.map(\.payload))::text[])
                        WITH ORDINALITY AS job (queue, kind, payload, place)
             ORDER BY job.place
            RETURNING job_id
            """
        ).map { try $0.decode(0) }
    }

    static func insert(_ jobs: [Job], in session: isolated Session) throws -> [Int64] {
        try session.rows(
            """
            WITH \(statement: newJobs(jobs))
            INSERT INTO queue.job (\(statement: storedColumns))
            SELECT \(statement: storedColumns) FROM new ORDER BY place
            RETURNING job_id
            """
        ).map { try $0.decode("job_id", as: Int64.self) }
    }

    /// Stores jobs with unique keys; the answer names the place of each that is new.
    ///
    /// Of several with one key in `jobs` the first is kept, so that no statement touches a row twice. Keys are taken in their
    /// own order, so that two statements with the same ones do not wait for each other in a circle; ids are in that of `jobs`.
    private static func insertKeyed(
        _ jobs: [Job], onConflict rule: Statement, in session: isolated Session
    ) throws -> [(place: Int, id: Int64)] {
        try placed(
            session.rows(
                """
                WITH \(statement: newJobs(jobs)), first AS (
                    SELECT DISTINCT ON (unique_key) * FROM new ORDER BY unique_key, place
                ), numbered AS MATERIALIZED (
                    SELECT nextval('queue.job_job_id_seq') AS job_id, ordered.*
                      FROM (SELECT * FROM first ORDER BY place OFFSET 0) AS ordered
                ), stored AS (
                    INSERT INTO queue.job (job_id, \(statement: storedColumns))
                    OVERRIDING SYSTEM VALUE
                    SELECT job_id, \(statement: storedColumns) FROM numbered ORDER BY unique_key
                    ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL \(statement: rule)
                    RETURNING job_id, unique_key
                )
                SELECT min(new.place) AS place, stored.job_id
                  FROM stored JOIN new USING (unique_key)
                 GROUP BY stored.job_id
                 ORDER BY place
                """
            )
        )
    }

    /// Takes each key for its window, and stores the jobs whose key was free.
    private static func insertOncePerWindow(
        _ jobs: [Job], in session: isolated Session
    ) throws -> [(place: Int, id: Int64)] {
        let keys = jobs.map { $0.uniqueness?.key }
        let windows = jobs.map { $0.uniqueness?.window?.wholeMicroseconds }
        let free = try placed(
            session.rows(
                """
                WITH wanted AS MATERIALIZED (
                    SELECT DISTINCT ON (unique_key) unique_key, window_length, place
                      FROM unnest(\(keys)::text[], \(windows)::bigint[])
                           WITH ORDINALITY AS wanted (unique_key, window_length, place)
                     ORDER BY unique_key, place
                ), taken AS (
                    INSERT INTO queue.unique_window (unique_key, until_at)
                    SELECT unique_key, queue.now() + window_length * interval '1 microsecond'
                      FROM wanted
                     ORDER BY unique_key
                    ON CONFLICT (unique_key) DO UPDATE SET until_at = excluded.until_at
                     WHERE unique_window.until_at <= queue.now()
                    RETURNING unique_key
                )
                SELECT wanted.place, 0::bigint AS job_id FROM taken JOIN wanted USING (unique_key) ORDER BY wanted.place
                """
            )
        ).map(\.place)
        let stored = try enqueue(free.map { jobs[$0].unbound }, in: session)
        return zip(free, stored).map { ($0, $1) }
    }

    static func placed(_ rows: Rows) throws -> [(place: Int, id: Int64)] {
        try rows.map { (try $0.decode("place", as: Int.self) - 1, try $0.decode("job_id", as: Int64.self)) }
    }
}

extension Job {
    /// Whether nothing but the job itself decides whether it is stored, and how.
    var isFree: Bool { uniqueness == nil && predecessors.isEmpty }

    /// Whether it asks for nothing that a row of the table does not have by itself.
    fileprivate var isPlain: Bool {
        isFree && runAt == nil && tenant == nil && priority == 0 && maxAttempts == Self.usualMaxAttempts
            && payloadVersion == 1 && timeout == nil && trace == nil
    }

    /// The same job without a rule against twins.
    fileprivate var unbound: Job {
        var job = self
        job.uniqueness = nil
        return job
    }
}
