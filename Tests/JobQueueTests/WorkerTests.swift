import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct WorkerTests {
    let pool: Pool
    let events = Mailbox(of: WorkerEvent.self)

    init() async throws {
        pool = try await queuePool()
    }

    /// A worker that tells `events` of everything.
    private func worker(
        _ name: String = "worker",
        concurrency: Int = 20,
        bell: Bell? = nil,
        listener: Configuration? = nil,
        poll: Duration = .milliseconds(20),
        lease: Duration = .seconds(60),
        drain: Duration = .seconds(30),
        _ body: @escaping @Sendable (String, JobContext) async throws -> JobOutcome
    ) -> Worker {
        Worker(
            name: name, pool: pool, listenerConfiguration: listener, bell: bell, concurrency: concurrency,
            handlers: [Scripted(body)], pollInterval: poll, leaseDuration: lease, drainLimit: drain
        ).observed { [events] in events.put($0) }
    }

    @Test("two workers drain 5,000 jobs, each run once")
    func drains() async throws {
        let count = 5_000
        let ids = try await pool.enqueue(try (0..<count).map { try Job(Scripted.self, "\($0)") })
        let ran = Mailbox(of: Int64.self)
        let workers = ["one", "two"].map { name in
            worker(name, concurrency: 200) { _, context in
                ran.put(context.jobID)
                return .done
            }
        }
        try await withWorkers(workers) {
            let outcomes = try await events.ended(count)
            #expect(outcomes.allSatisfy { $0 == "done" })
        }
        #expect(try await ran.collect(count).sorted() == ids)
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == 0)
        #expect(try await pool.count("SELECT count(*) FROM queue.history WHERE outcome = 'done'") == count)
    }

    @Test("a job that keeps failing is retried, then dead with every error kept")
    func retriesThenDies() async throws {
        let id = try await pool.enqueue("hopeless", maxAttempts: 3)
        let worker = worker { _, context in throw Trouble(description: "attempt \(context.attempt)") }
        try await withWorkers([worker]) {
            let outcomes = try await events.ended(3)
            #expect(outcomes == ["failed", "failed", "dead"])
        }
        #expect(try await pool.end(id) == "dead: attempt 3")
        #expect(try await pool.failures(id) == ["attempt 1", "attempt 2", "attempt 3"])
    }

    @Test("a payload the handler cannot read is a failed attempt, not a crash")
    func unreadablePayload() async throws {
        struct Newer: JobHandler {
            static let kind = Scripted.kind
            func run(_ payload: [Int], _ context: JobContext) async throws -> JobOutcome { .done }
        }
        _ = try await pool.enqueue([try Job(Newer.self, [1], maxAttempts: 1)])
        try await withWorkers([worker { _, _ in .done }]) {
            let outcomes = try await events.ended()
            #expect(outcomes == ["dead"])
        }
    }

    @Test("a snoozed job runs again, its attempts uncharged, until it is done")
    func snoozes() async throws {
        let id = try await pool.enqueue("twice", maxAttempts: 1)
        let runs = Mailbox(of: Int.self)
        let worker = worker { _, context in
            runs.put(context.attempt)
            return context.leaseEpoch > 1 ? .done : .snooze(.milliseconds(1))
        }
        try await withWorkers([worker]) {
            let outcomes = try await events.ended(2)
            #expect(outcomes == ["snoozed", "done"])
        }
        #expect(try await runs.collect(2) == [1, 1])
        #expect(try await pool.end(id) == "done")
    }

    @Test("a handler that completed in its own transaction is not settled again")
    func completesInTransaction() async throws {
        _ = try await pool.execute("CREATE TABLE effect (job_id bigint PRIMARY KEY)")
        let id = try await pool.enqueue("effective")
        let worker = worker { [pool] _, context in
            try await context.complete(in: pool) { session in
                _ = try session.execute("INSERT INTO effect VALUES (\(context.jobID))")
            }
            return .snooze(.seconds(1))
        }
        try await withWorkers([worker]) {
            let outcomes = try await events.ended()
            #expect(outcomes == ["done"])
        }
        #expect(try await pool.end(id) == "done")
        #expect(try await pool.count("SELECT count(*) FROM effect") == 1)
    }

    @Test("a cancelled job's handler is cancelled at the next heartbeat, and its answer refused")
    func cancelsHandler() async throws {
        let id = try await pool.enqueue("endless")
        let started = Mailbox(of: Void.self)
        let worker = worker(lease: .milliseconds(1_500)) { _, _ in
            started.put(())
            try await untilCancelled()
            return .done
        }
        try await withWorkers([worker]) {
            try await started.next()
            _ = try await pool.transaction { session in try JobQueue.cancel([id], in: session) }
            try await events.drain { event in
                if case .stale(let jobID) = event { jobID == id } else { false }
            }
        }
        #expect(try await pool.end(id) == "cancelled")
    }

    @Test("heartbeats prolong the lease of a running job")
    func heartbeats() async throws {
        let id = try await pool.enqueue("long")
        let started = Mailbox(of: Void.self)
        let finish = Mailbox(of: Void.self)
        let worker = worker(lease: .seconds(3)) { _, _ in
            started.put(())
            try await finish.next()
            return .done
        }
        let remaining: Statement = "SELECT count(*) FROM queue.lease WHERE lease_until > started_at + interval '3.5 s'"
        try await withWorkers([worker]) {
            try await started.next()
            #expect(try await pool.count(remaining) == 0)
            try await events.drain { if case .renewed(1) = $0 { true } else { false } }
            #expect(try await pool.count(remaining) == 1)
            finish.put(())
            try await events.ended()
        }
        #expect(try await pool.end(id) == "done")
    }

    @Test("a worker takes over what a lost one held")
    func takesOver() async throws {
        let id = try await pool.enqueue("orphan")
        _ = try await pool.claim(1, as: "lost", lease: .zero)
        try await withWorkers([worker { _, _ in .done }]) {
            let outcomes = try await events.ended()
            #expect(outcomes == ["done"])
        }
        #expect(try await pool.failures(id) == ["worker lost: lost"])
    }

    @Test("a job that was lost at its last attempt is dead, and counted so whatever kind it is")
    func buries() async throws {
        struct Foreign: JobHandler {
            static let kind = "foreign"
            func run(_ payload: String, _ context: JobContext) async throws -> JobOutcome { .done }
        }
        let ids = try await pool.enqueue([try Job(Foreign.self, "orphan", maxAttempts: 1)])
        let lost = Claimant(name: "lost", queues: ["default"], kinds: [Foreign.kind], leaseDuration: .zero)
        _ = try await pool.claim(1, for: lost)
        try await withWorkers([worker { _, _ in .done }]) {
            try await events.drain { if case .ended(ids[0], Foreign.kind, "dead") = $0 { true } else { false } }
        }
        #expect(try await pool.end(ids[0]) == "dead: worker lost: lost")
    }

    @Test("once a minute a worker forgets what is old")
    func prunes() async throws {
        let id = try await pool.enqueue("long dead")
        try await pool.settle(try #require(try await pool.claim(1).first), .dead(reason: "why"))
        try await pool.execute(
            """
            INSERT INTO queue.wake (queue, rung_at)
            VALUES ('mail', clock_timestamp() - interval '1 minute'), ('mail', clock_timestamp() + interval '1 hour')
            """
        )
        let clock = ManualClock()
        let worker = Worker(
            name: "worker", pool: pool, handlers: [Scripted { _, _ in .done }],
            retention: Retention(dead: .seconds(-60)), clock: clock
        ).observed { [events] in events.put($0) }
        try await withWorkers([worker]) {
            try await clock.somebodySleeps(for: .seconds(60))
            #expect(try await pool.end(id) == "dead: why")
            clock.advance(by: .seconds(60))
            for count in [2, 1] {
                try await events.drain { if case .pruned(count) = $0 { true } else { false } }
            }
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.wake") == 1)
        #expect(try await pool.end(id) == nil)
        #expect(try await pool.failures(id).isEmpty)
    }

    @Test("a worker outlives its connections")
    func survivesLostConnections() async throws {
        let started = Mailbox(of: Void.self)
        let finish = Mailbox(of: Void.self)
        _ = try await pool.enqueue("before")
        let worker = worker { payload, _ in
            started.put(())
            if payload == "before" { try await finish.next() }
            return .done
        }
        let breaker = try await Session.connect(FreshDatabase.current.configuration)
        try await withWorkers([worker]) {
            try await started.next()
            _ = try await breaker.rows(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()
                """
            )
            finish.put(())
            let outcomes = try await events.ended()
            #expect(outcomes == ["done"])
        }
        await breaker.close()
    }
}
