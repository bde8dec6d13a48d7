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
        let columns = Column.all.filter { jobs.contains(where: $0.isSet) }
        let rows = Bulk(ids: ids, jobs: jobs, columns: columns, now: now)
        try session.copyIn("queue.job", columns: columns.map(\.name), rows: rows)
        return ids
    }

    /// The rows of a bulk, made one by one as they are sent.
    private struct Bulk: Sequence, IteratorProtocol, Sendable {
        let ids: [Int64]
        let jobs: [Job]
        let columns: [Column]
        let now: Instant
        private var place = 0

        init(ids: [Int64], jobs: [Job], columns: [Column], now: Instant) {
            self.ids = ids
            self.jobs = jobs
            self.columns = columns
            self.now = now
        }

        mutating func next() -> [CopyValue]? {
            guard place < jobs.count else { return nil }
            defer { place += 1 }
            return columns.map { $0.value(jobs[place], ids[place], now) }
        }
    }

    /// One column of a bulk.
    private struct Column: Sendable {
        let name: String
        /// Whether a job has anything to say about it; where none has, the table's default holds.
        let isSet: @Sendable (Job) -> Bool
        let value: @Sendable (Job, Int64, Instant) -> CopyValue

        init(
            _ name: String,
            value: @escaping @Sendable (Job, Int64, Instant) -> CopyValue,
            where isSet: @escaping @Sendable (Job) -> Bool = { _ in true }
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
            Column("state", value: { job, _, now in CopyValue(job.isScheduled(at: now) ? "scheduled" : "available") }),
            Column(
                "payload_version", value: { job, _, _ in CopyValue(job.payloadVersion) },
                where: { $0.payloadVersion != 1 }),
            Column("priority", value: { job, _, _ in CopyValue(job.priority) }, where: { $0.priority != 0 }),
            Column("trace", value: { job, _, _ in CopyValue(job.trace) }, where: { $0.trace != nil }),
            Column("timeout", value: { job, _, _ in CopyValue(job.timeoutText) }, where: { $0.timeout != nil }),
            Column("run_at", value: { job, _, now in CopyValue(job.runAt ?? now) }, where: { $0.runAt != nil }),
            Column(
                "turn_at", value: { job, _, now in CopyValue(job.isScheduled(at: now) ? job.runAt : now) },
                where: { $0.runAt != nil }),
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
