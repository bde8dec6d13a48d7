import JobQueue
import JobQueueTesting
import Postgres
import TestSupport
import Testing

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct TestQueueTests {
    let pool: Pool
    let queue: TestQueue
    let ran = Mailbox(of: String.self)

    init() async throws {
        pool = try await queuePool()
        queue = try await TestQueue(pool)
    }

    /// A handler that fails, snoozes or enqueues as its payload says.
    private var handler: Scripted {
        Scripted { [ran, pool] payload, context in
            ran.put(payload)
            switch payload {
            case "fails": throw Trouble(description: "no luck")
            case "snoozes" where context.leaseEpoch == 1: return .snooze(.seconds(3_600))
            case "discards": return .discard(reason: "pointless")
            case "enqueues":
                try await context.complete(in: pool) { session in
                    _ = try JobQueue.enqueue([try Job(Scripted.self, "enqueued")], in: session)
                }
            case "endless": _ = try await pool.enqueue([try Job(Scripted.self, "endless")])
            default: break
            }
            return .done
        }
    }

    @Test("what was enqueued is told with its payload, its moment, its key and its queue")
    func enqueued() async throws {
        let moment = Instant(microsecondsSinceEpoch: 4_000_000_000_000_000)
        let ids = try await pool.enqueue([
            try Job(Scripted.self, "first", priority: 2, runAt: moment, uniqueKey: "key"),
            try Job(Scripted.self, "second", queue: "other", tenant: "somebody"),
        ])
        let jobs = try await queue.enqueued(Scripted.self)
        #expect(jobs.map(\.jobID) == ids && jobs.map(\.payload) == ["first", "second"])
        #expect(jobs[0].runAt == moment && jobs[0].uniqueKey == "key" && jobs[0].priority == 2)
        #expect(jobs[1].tenant == "somebody" && jobs[1].attemptCount == 0)
        #expect(try await queue.enqueued(Scripted.self, in: "other").map(\.payload) == ["second"])
    }

    @Test("a queue is drained in the order of a worker, with what its jobs enqueue, and says how each ended")
    func drains() async throws {
        try await queue.stopClock(at: Instant(microsecondsSinceEpoch: 1_800_000_000_000_000))
        for payload in ["enqueues", "discards", "fails"] { _ = try await pool.enqueue(payload) }
        _ = try await pool.enqueue([try Job(Scripted.self, "urgent", queue: "other", priority: 4)])
        let attempts = try await queue.drain([handler])
        #expect(attempts.map(\.outcome) == [.done, .done, .discarded, .failed, .done])
        #expect(attempts.compactMap(\.reason) == ["pointless", "no luck"])
        #expect(try await ran.collect(5) == ["urgent", "enqueues", "discards", "fails", "enqueued"])
        #expect(try await queue.enqueued(Scripted.self).map(\.payload) == ["fails"])
        #expect(try await queue.drain([handler]).isEmpty)
    }

    @Test("only the queues that are named are drained")
    func named() async throws {
        _ = try await pool.enqueue("default")
        _ = try await pool.enqueue([try Job(Scripted.self, "other", queue: "other")])
        #expect(try await queue.drain([handler], queues: ["other"]).map(\.queue) == ["other"])
    }

    @Test("time passes when the test says so: retries, snoozes and jobs of next week run then")
    func advances() async throws {
        let start = Instant(microsecondsSinceEpoch: 1_800_000_000_000_000)
        try await queue.stopClock(at: start)
        _ = try await pool.enqueue("snoozes")
        _ = try await pool.enqueue("fails", maxAttempts: 2)
        let nextWeek = Instant(microsecondsSinceEpoch: start.microsecondsSinceEpoch + 7 * 86_400_000_000)
        _ = try await pool.enqueue([try Job(Scripted.self, "next week", runAt: nextWeek)])
        #expect(try await queue.drain([handler]).map(\.outcome) == [.snoozed, .failed])
        let failed = try await queue.enqueued(Scripted.self).first { $0.payload == "fails" }
        let wait = Int64(Scripted.backoff.first / .microseconds(1))
        #expect(failed?.runAt.microsecondsSinceEpoch == start.microsecondsSinceEpoch + wait, "nothing of it by chance")

        try await queue.advance(by: .seconds(1))
        #expect(try await queue.drain([handler]).map(\.outcome) == [.dead])
        try await queue.advance(by: .seconds(3_599))
        #expect(try await queue.drain([handler]).map(\.outcome) == [.done])
        try await queue.advance(by: .seconds(7 * 86_400 - 3_600))
        #expect(try await queue.now() == nextWeek)
        #expect(try await queue.drain([handler]).map(\.outcome) == [.done])
        #expect(try await queue.enqueued(Scripted.self).isEmpty)
    }

    @Test("a clock that is not stopped goes on, and is put forward for every session")
    func everySession() async throws {
        let before = try await queue.now()
        let other = try await Session.connect(FreshDatabase.current.configuration)
        try await queue.advance(by: .seconds(100))
        let there = try await other.rows("SELECT queue.now() AS now")[0].decode("now", as: Instant.self)
        #expect(there.microsecondsSinceEpoch - before.microsecondsSinceEpoch >= 100_000_000)
        #expect(try await TestQueue(pool).now() > there, "another test queue goes on with the same clock")
        await other.close()
    }

    @Test("jobs that wait for others run after them, and those that wait in vain never")
    func dependencies() async throws {
        let first = try await pool.enqueue("enqueues")
        let failing = try await pool.enqueue("discards")
        _ = try await pool.enqueue([
            try Job(Scripted.self, "after it").after([first]), try Job(Scripted.self, "in vain").after([failing]),
        ])
        let attempts = try await queue.drain([handler])
        #expect(attempts.count == 4)
        #expect(try await queue.enqueued(Scripted.self).isEmpty)
    }

    @Test("a job that never comes to an end is an error, not a test that hangs")
    func endless() async throws {
        _ = try await pool.enqueue("endless")
        await #expect { try await queue.drain([handler], limit: 20) } throws: { error in
            (error as? Endless)?.limit == 20 && "\(error)".contains("of kind scripted")
        }
    }

    @Test("recurring jobs come due by the test's clock")
    func recurring() async throws {
        try await queue.stopClock(at: Instant(microsecondsSinceEpoch: 1_800_000_000_000_000))
        let daily = Recurrence(
            name: "daily", schedule: try CronSchedule("@daily"), missed: .catchUp(limit: 10),
            job: try Job(Scripted.self, "daily")
        )
        try await pool.transaction { session in try JobQueue.register([daily], in: session) }
        #expect(try await queue.tick().isEmpty)
        try await queue.advance(by: .seconds(3 * 86_400))
        let ids = try await queue.tick()
        #expect(ids.count == 3)
        #expect(try await queue.drain([handler]).map(\.jobID) == ids)
    }
}
