package import Postgres

extension JobQueue {
    /// Recurrences asked for at a time, those that are due longest first.
    static let recurringLimit = 100

    /// Recurrences that are due, and what comes after them.
    struct DueRecurrences: Sendable {
        var names: [String] = []
        /// How long until the next that is not yet due is.
        var wait: Duration?
        /// Where to go on; `nil` at the end.
        var next: Place?

        /// The place of a recurrence among all, by when it is due.
        struct Place: Sendable, Equatable {
            let nextAt: Instant
            let name: String
        }
    }

    /// What one recurrence's turn did.
    struct Ticking: Sendable, Equatable {
        /// The jobs that are new.
        var jobIDs: [Int64] = []
        /// The queues they wait in.
        var queues: Set<String> = []
        /// Ticks that are stored now, those included that added no job because its key was taken.
        var tickCount = 0
    }

    /// The recurrences that are due, behind `place`. Those that fail stay where they are, and so may not hide the others.
    static func dueRecurrences(
        after place: DueRecurrences.Place? = nil, in session: isolated Session
    ) throws -> DueRecurrences {
        let answers = try session.pipeline([
            """
            SELECT name, next_at FROM queue.recurring
             WHERE next_at <= queue.now()
               AND (next_at, name) > (coalesce(\(place?.nextAt)::timestamptz, '-infinity'), coalesce(\(place?.name)::text, ''))
             ORDER BY next_at, name
             LIMIT \(recurringLimit)::bigint
            """,
            """
            SELECT ceil(extract(epoch FROM min(next_at) - queue.now()) * 1000)::bigint AS wait
              FROM queue.recurring WHERE next_at > queue.now()
            """,
        ])
        let wait = try answers[1].first?.decode("wait", as: Int64?.self)
        var due = DueRecurrences(wait: wait.map { .milliseconds($0) })
        due.names = try answers[0].map { try $0.decode("name") }
        if due.names.count == recurringLimit, let last = answers[0].last {
            due.next = DueRecurrences.Place(nextAt: try last.decode("next_at"), name: try last.decode("name"))
        }
        return due
    }

    /// Enqueues what is due of all recurrences, and returns the ids of the new jobs. Unlike a scheduler's pass it ends at
    /// the first that cannot be enqueued, with its error.
    package static func tickAll(in pool: Pool) async throws -> [Int64] {
        var jobIDs: [Int64] = []
        while case let names = try await pool.withSession({ try await dueRecurrences(in: $0).names }), !names.isEmpty {
            for name in names {
                jobIDs += try await pool.transaction { session in try tick(name, in: session).jobIDs }
            }
        }
        return jobIDs
    }

    /// Enqueues what is due of one recurrence and sets its next tick, all in the caller's transaction.
    ///
    /// The recurrence is locked, or left to whoever has it locked. Should the same tick be computed twice all the same,
    /// its row is there already and no job is added.
    static func tick(_ name: String, in session: isolated Session) throws -> Ticking {
        let row = try session.rows(
            """
            SELECT schedule, zone, missed_limit, job, payload::text, next_at, queue.now() AS now
              FROM queue.recurring
             WHERE name = \(name) AND next_at <= queue.now()
               FOR UPDATE SKIP LOCKED
            """
        ).first
        guard let row else { return Ticking() }
        let rhythm = Rhythm(
            name: name, schedule: try CronSchedule(row.decode("schedule")), zone: try row.decode("zone")
        )
        let (due, next) = try rhythm.ticks(
            from: row.decode("next_at"), through: row.decode("now"), limit: row.decode("missed_limit"), in: session
        )
        try session.execute("UPDATE queue.recurring SET next_at = \(next) WHERE name = \(name)")
        let stored = try StoredJob(row.decode("job"))
        let payload = try row.decode("payload", as: String.self)
        return try enqueue(due, of: name, in: session) { Job(stored, payload: payload, runAt: $0) }
    }

    /// Stores those of `ticks` that are new, each with its job.
    static func enqueue(
        _ ticks: [Instant], of name: String, in session: isolated Session, as job: (Instant) -> Job
    ) throws -> Ticking {
        let new = try session.rows(
            """
            INSERT INTO queue.tick (name, tick_at)
            SELECT \(name)::text, tick_at FROM unnest(\(ticks)::timestamptz[]) AS due (tick_at)
            ON CONFLICT ON CONSTRAINT tick_once DO NOTHING
            RETURNING tick_at
            """
        ).map { try $0.decode("tick_at", as: Instant.self) }
        var ticking = Ticking(tickCount: new.count)
        for tick in new.sorted() {
            let job = job(tick)
            guard let jobID = try enqueue([job], in: session).first else { continue }
            try session.execute("UPDATE queue.tick SET job_id = \(jobID) WHERE name = \(name) AND tick_at = \(tick)")
            ticking.jobIDs.append(jobID)
            ticking.queues.insert(job.queue)
        }
        return ticking
    }

    /// Forgets ticks older than `age`, oldest first, and returns how many. A tick comes due once, so none comes back.
    static func pruneTicks(olderThan age: Duration, in session: isolated Session) throws -> Int {
        try session.execute(
            """
            WITH old AS MATERIALIZED (
                SELECT name, tick_at FROM queue.tick
                 WHERE tick_at < queue.now() - \(age.wholeMicroseconds)::bigint * interval '1 microsecond'
                 ORDER BY tick_at LIMIT \(pruneLimit)::bigint FOR UPDATE SKIP LOCKED
            )
            DELETE FROM queue.tick USING old WHERE tick.name = old.name AND tick.tick_at = old.tick_at
            """
        )
    }
}
