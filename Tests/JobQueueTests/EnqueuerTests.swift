import Postgres
import Synchronization
import TestSupport
import Testing

@testable import JobQueue

@Suite("Jobs that come together", .emptyDatabase, .timeLimit(.minutes(5)))
struct EnqueuerTests {
    let pool: Pool
    let bell: Bell
    let enqueuer: Enqueuer

    init() async throws {
        pool = try await queuePool()
        bell = Bell(pool: pool)
        enqueuer = Enqueuer(pool: pool, bell: bell)
    }

    @Test("are written in one commit, each answered with its own id")
    func together() async throws {
        let answers = try await enqueued((0..<12).map { try Job(Scripted.self, "\($0)") })
        #expect(try await commitCount() == 2, "the one that came first, and all that came while it was written")
        for (number, answer) in answers.enumerated() {
            let id = try #require(try answer.get())
            let payload: String = try await pool.rows("SELECT payload::text FROM queue.job WHERE job_id = \(id)")[0]
                .decode(0)
            #expect(payload == "\"\(number)\"")
        }
    }

    @Test("come with all they ask for: tenants, moments and priorities")
    func mixed() async throws {
        let later = Instant(microsecondsSinceEpoch: 9_000_000_000_000_000)
        let answers = try await enqueued([
            try Job(Scripted.self, "a"), try Job(Scripted.self, "b", tenant: "t"),
            try Job(Scripted.self, "c", priority: 2), try Job(Scripted.self, "d", runAt: later),
        ])
        let shown = try await shown(answers)
        #expect(shown == ["available 0 -", "available 0 t", "available 2 -", "scheduled 0 -"])
    }

    @Test("and a job without company is written at once")
    func alone() async throws {
        let id = try #require(try await enqueuer.enqueue(try Job(Scripted.self, "a")))
        #expect(try await pool.row(id)?.hasPrefix("available") == true)
        #expect(enqueuer.waitingCount == 0)
    }

    @Test("fail alone: what the database refuses of one leaves the others stored")
    func refusedAlone() async throws {
        var jobs = try (0..<6).map { try Job(Scripted.self, "\($0)") }
        jobs[3] = try Job(Scripted.self, "bad", maxAttempts: 0)
        let answers = try await enqueued(jobs)
        #expect(answers.indices.filter { answers[$0].id == nil } == [3])
        #expect(throws: PostgresError.self) { try answers[3].get() }
        guard case .failure(let error as PostgresError) = answers[3] else { return }
        #expect(error.constraint == "attempt_limit_positive")
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == 5)
    }

    @Test("fail alone where they wait for jobs that nobody knows")
    func unknownPredecessors() async throws {
        let known = try await pool.enqueue("known")
        let answers = try await enqueued([
            try Job(Scripted.self, "first", uniqueKey: "first"),
            try Job(Scripted.self, "a").after([known]), try Job(Scripted.self, "b").after([424_242]),
            try Job(Scripted.self, "c", uniqueKey: "c"),
        ])
        #expect(answers.indices.filter { answers[$0].id == nil } == [2])
        #expect(throws: JobError.unknownPredecessors([424_242])) { try answers[2].get() }
    }

    @Test("have one key once: the first is stored, and the others are told that it is taken")
    func uniqueKeys() async throws {
        let job = try Job(Scripted.self, "nightly", uniqueKey: "night")
        let other = try Job(Scripted.self, "other", uniqueKey: "other")
        let once = try Job(Scripted.self, "once").unique("once", within: .seconds(60))
        let answers = try await enqueued([other, job, other, job, once, once])
        #expect(answers.indices.filter { answers[$0].id != nil } == [0, 1, 4])
        #expect(try answers.map { try $0.get() }.count == 6, "none has failed")
        #expect(try await commitCount() == 2)
    }

    @Test("each get the id of the job they replace")
    func replacing() async throws {
        let waiting = try await pool.enqueue("old", uniqueKey: "key")
        let ids = Mailbox(of: Int64?.self)
        try await withTable { tasks in
            for number in 0..<3 {
                let job = try Job(Scripted.self, "\(number)", uniqueKey: "key").replacing()
                tasks.addTask { ids.put(try await enqueuer.enqueue(job)) }
                if number == 0 { while try await blocked().isEmpty {} }
            }
            while try await blocked().count + enqueuer.waitingCount < 3 {}
        }
        #expect(try await ids.collect(3) == [waiting, waiting, waiting])
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == 1)
    }

    @Test("do not wait for a key that somebody else is just taking, where they have none")
    func otherKeys() async throws {
        try await pool.withSession { holder in
            try await holder.script(unchecked: "BEGIN")
            let job = try Job(Scripted.self, "held", uniqueKey: "held")
            try await JobQueue.enqueue([job], in: holder)
            async let held = enqueuer.enqueue(job)
            while try await blocked().isEmpty {}
            #expect(try await enqueuer.enqueue(try Job(Scripted.self, "free")) != nil)
            try await holder.script(unchecked: "COMMIT")
            #expect(try await held == nil)
        }
    }

    @Test("ring the bell of their queues once they are stored, and not before")
    func bellRings() async throws {
        let rings = Mutex<[Int]>([])
        let registrations = ["one", "two", "three"].enumerated().map { number, queue in
            bell.register(for: [queue]) { rings.withLock { $0.append(number) } }
        }
        defer { for registration in registrations { registration.cancel() } }
        let jobs = try ["one", "two", "two"].map { try Job(Scripted.self, $0, queue: $0) }
        _ = try await enqueued(jobs) { #expect(rings.withLock { $0 } == [], "nothing is stored") }
        #expect(rings.withLock { $0.sorted() } == [0, 1], "a queue of a group is rung once")
    }

    @Test("are written alone where the line is full")
    func fullLine() async throws {
        let short = Enqueuer(pool: pool, bell: bell, waitingLimit: 2)
        try await withTable { tasks in
            for number in 0..<3 {
                tasks.addTask { _ = try await short.enqueue(try Job(Scripted.self, "\(number)")) }
                if number == 0 { while try await blocked().isEmpty {} }
            }
            while short.waitingCount < 2 { await Task.yield() }
            tasks.addTask { _ = try await short.enqueue(try Job(Scripted.self, "alone")) }
            while try await blocked().count < 2 {}
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == 4)
        #expect(try await commitCount() == 3)
    }

    @Test("are stored also where their callers are cancelled meanwhile")
    func cancelled() async throws {
        try await withTable { _ in
            let task = Task { try await enqueuer.enqueue(try Job(Scripted.self, "a")) }
            while try await blocked().isEmpty {}
            task.cancel()
        }
        while try await pool.count("SELECT count(*) FROM queue.job") == 0 {}
        #expect(try await pool.claim(1).map(\.payload) == ["\"a\""])
    }

    @Test("all fail where their session ends, none is tried again, and the next one is stored")
    func sessionLost() async throws {
        let jobs = try (0..<5).map { try Job(Scripted.self, "\($0)") }
        let failed = Mailbox(of: PostgresError.Kind.self)
        var kinds: [PostgresError.Kind] = []
        try await withTable { tasks in
            for (number, job) in jobs.enumerated() {
                tasks.addTask {
                    do {
                        try await enqueuer.enqueue(job)
                    } catch let error as PostgresError {
                        failed.put(error.kind)
                    }
                }
                if number == 0 { while try await blocked().isEmpty {} }
            }
            while enqueuer.waitingCount < 4 { await Task.yield() }
            try await end(try await blocked())
            kinds.append(try await failed.next())
            while try await blocked().isEmpty {}
            #expect(enqueuer.waitingCount == 0, "the others are being written together")
            try await end(try await blocked())
            kinds += try await failed.collect(4)
        }
        #expect(kinds == Array(repeating: .shutdown, count: 5))
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == 0)
        #expect(try await enqueuer.enqueue(jobs[0]) != nil)
    }

    @Test("are written alone after what may lie with one of them, and only where nothing can have been stored")
    func whoseFault() {
        let ofOne = PostgresError.Kind.allCases.filter {
            Enqueuer.isOfOneJob(PostgresError(kind: $0, sqlState: "XX000", message: ""))
        }
        let ofAll: [PostgresError.Kind] = [
            .connection, .shutdown, .tooManyConnections, .diskFull, .readOnly, .cancelled, .stalePlan, .decoding,
        ]
        #expect(ofOne == PostgresError.Kind.allCases.filter { !ofAll.contains($0) })
        let silence = PostgresError(kind: .statementTimeout, message: "the server did not answer in time")
        #expect(!Enqueuer.isOfOneJob(silence), "it may answer later that they are stored")
        #expect(Enqueuer.isOfOneJob(JobError.unknownPredecessors([1])) && !Enqueuer.isOfOneJob(CancellationError()))
    }

    @Test("all fail where there is no server")
    func noServer() async throws {
        let nowhere = Pool(Configuration(conninfo: "host=/nowhere user=nobody"), size: 1)
        let lost = Enqueuer(pool: nowhere, bell: bell)
        await withTaskGroup(of: Void.self) { tasks in
            for number in 0..<5 {
                tasks.addTask {
                    await #expect(throws: PostgresError.self) {
                        try await lost.enqueue(try Job(Scripted.self, "\(number)"))
                    }
                }
            }
        }
    }
}

extension EnqueuerTests {
    /// Enqueues all of them, in order: the others come while the first is kept from being written. `meanwhile` runs when all
    /// have come.
    private func enqueued(
        _ jobs: [Job], meanwhile: () throws -> Void = {}
    ) async throws -> [Result<Int64?, any Error>] {
        let answered = Mailbox(of: (Int, Result<Int64?, any Error>).self)
        try await withTable { tasks in
            for (number, job) in jobs.enumerated() {
                tasks.addTask {
                    do {
                        answered.put((number, .success(try await enqueuer.enqueue(job))))
                    } catch {
                        answered.put((number, .failure(error)))
                    }
                }
                if number == 0 { while try await blocked().isEmpty {} }
                while enqueuer.waitingCount < number { await Task.yield() }
            }
            try meanwhile()
        }
        return try await answered.collect(jobs.count).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Runs `body` while nobody can write jobs, then waits for its tasks.
    private func withTable(
        _ body: (inout ThrowingTaskGroup<Void, any Error>) async throws -> Void
    ) async throws {
        let holder = try await Session.connect(FreshDatabase.current.configuration)
        try await holder.script(unchecked: "BEGIN; LOCK TABLE queue.job IN SHARE MODE")
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            try await body(&tasks)
            try await holder.script(unchecked: "ROLLBACK")
            try await tasks.waitForAll()
        }
        await holder.close()
    }

    /// The sessions that wait for a lock of somebody else.
    private func blocked() async throws -> [Int] {
        try await pool.rows(
            """
            SELECT DISTINCT l.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
             WHERE NOT l.granted AND a.datname = current_database()
            """
        ).map { try $0.decode(0) }
    }

    private func end(_ sessions: [Int]) async throws {
        _ = try await pool.rows("SELECT pg_terminate_backend(pid) FROM unnest(\(sessions)::integer[]) AS of (pid)")
    }

    private func commitCount() async throws -> Int {
        try await pool.count("SELECT count(DISTINCT xmin::text) FROM queue.job")
    }

    /// State, priority and tenant of each.
    private func shown(_ answers: [Result<Int64?, any Error>]) async throws -> [String] {
        var shown: [String] = []
        for answer in answers {
            let id = try #require(try answer.get())
            shown += try await pool.rows(
                "SELECT state || ' ' || priority || ' ' || coalesce(tenant, '-') FROM queue.job WHERE job_id = \(id)"
            ).map { try $0.decode(0) }
        }
        return shown
    }
}

extension Result<Int64?, any Error> {
    /// The id of a job that was stored.
    fileprivate var id: Int64? {
        if case .success(let id) = self { id } else { nil }
    }
}
