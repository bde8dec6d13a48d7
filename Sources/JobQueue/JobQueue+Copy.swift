import Postgres

extension JobQueue {
    /// Stores many jobs by COPY, their ids reserved before. What all of them leave to the database is not sent.
    static func copy(_ jobs: [Job], in session: isolated Session) throws -> [Int64] {
        let reserved = try session.rows(
            """
            SELECT nextval('queue.job_job_id_seq') AS job_id, queue.now() AS now
              FROM generate_series(1, \(jobs.count)::bigint)
            """
        )
        let ids = try reserved.map { try $0.decode("job_id", as: Int64.self) }
        guard let now: Instant = try reserved.first?.decode("now") else { return [] }
        let clock = LaneClock(now: now, turns: try laneTurns(of: Set(jobs.map(\.queue)), in: session))
        let columns = Column.all.filter { column in jobs.contains { column.isSet($0, clock) } }
        let rows = Bulk(ids: ids, jobs: jobs, columns: columns, clock: clock)
        try session.copyIn("queue.job", columns: columns.map(\.name), rows: rows)
        return ids
    }

    /// How far lanes of `queues` have come that have a clock of their own.
    private static func laneTurns(of queues: Set<String>, in session: isolated Session) throws -> [Lane: Instant] {
        let rows = try session.rows(
            """
            SELECT named.queue, named.priority, last.served_at + interval '1 microsecond' AS turn_at
              FROM (SELECT * FROM unnest(\(queues.sorted())::text[]) AS queue
                     CROSS JOIN generate_series(-4, 4) AS priority) AS named (queue, priority)
             CROSS JOIN LATERAL (\(statement: lastTold("named.queue", "named.priority"))) AS last
             WHERE NOT last.dry
            """
        )
        return Dictionary(
            uniqueKeysWithValues: try rows.map { row in
                (Lane(queue: try row.decode("queue"), priority: try row.decode("priority")), try row.decode("turn_at"))
            })
    }

    /// What the turns of a bulk begin with.
    private struct LaneClock: Sendable {
        let now: Instant
        let turns: [Lane: Instant]

        func turn(of job: Job) -> Instant { turns[Lane(queue: job.queue, priority: job.priority)] ?? now }
    }

    /// The rows of a bulk, made one by one as they are sent.
    private struct Bulk: Sequence, IteratorProtocol, Sendable {
        let ids: [Int64]
        let jobs: [Job]
        let columns: [Column]
        let clock: LaneClock
        private var place = 0

        init(ids: [Int64], jobs: [Job], columns: [Column], clock: LaneClock) {
            self.ids = ids
            self.jobs = jobs
            self.columns = columns
            self.clock = clock
        }

        mutating func next() -> [CopyValue]? {
            guard place < jobs.count else { return nil }
            defer { place += 1 }
            return columns.map { $0.value(jobs[place], ids[place], clock) }
        }
    }

    /// One column of a bulk.
    private struct Column: Sendable {
        let name: String
        /// Whether a job has anything to say about it; where none has, the table's default holds.
        let isSet: @Sendable (Job, LaneClock) -> Bool
        let value: @Sendable (Job, Int64, LaneClock) -> CopyValue

        init(
            _ name: String,
            value: @escaping @Sendable (Job, Int64, LaneClock) -> CopyValue,
            where isSet: @escaping @Sendable (Job, LaneClock) -> Bool = { _, _ in true }
        ) {
            self.name = name
            self.isSet = isSet
            self.value = value
        }

        static let all = [
            Column("job_id", value: { _, id, _ in CopyValue(id) }),
            Column("queue", value: { job, _, _ in CopyValue(job.queue) }),
            Column("kind", value: { job, _, _ in CopyValue(job.kind) }),
            Column("payload", value: { job, _, _ in CopyValue(job.payload) }),
            Column("max_attempt_count", value: { job, _, _ in CopyValue(job.maxAttempts) }),
            Column(
                "state",
                value: { job, _, clock in CopyValue(job.isScheduled(at: clock.now) ? "scheduled" : "available") }),
            Column(
                "payload_version", value: { job, _, _ in CopyValue(job.payloadVersion) },
                where: { job, _ in job.payloadVersion != 1 }),
            Column("priority", value: { job, _, _ in CopyValue(job.priority) }, where: { job, _ in job.priority != 0 }),
            Column("trace", value: { job, _, _ in CopyValue(job.trace) }, where: { job, _ in job.trace != nil }),
            Column(
                "timeout", value: { job, _, _ in CopyValue(job.timeoutText) }, where: { job, _ in job.timeout != nil }),
            Column(
                "run_at", value: { job, _, clock in CopyValue(job.runAt ?? clock.now) },
                where: { job, _ in job.runAt != nil }),
            Column(
                "turn_at",
                value: { job, _, clock in CopyValue(job.isScheduled(at: clock.now) ? job.runAt : clock.turn(of: job)) },
                where: { job, clock in job.runAt != nil || !clock.turns.isEmpty }),
        ]
    }
}

extension Job {
    fileprivate func isScheduled(at now: Instant) -> Bool {
        guard let runAt else { return false }
        return runAt > now
    }

    fileprivate var timeoutText: String? { timeout.map { "\($0.wholeMicroseconds) microseconds" } }
}
