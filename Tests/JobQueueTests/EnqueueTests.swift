import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct EnqueueTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    @Test("a job exists only if the caller's transaction commits")
    func atomic() async throws {
        let jobs = [try Job(Scripted.self, "a"), try Job(Scripted.self, "b")]
        await #expect(throws: Trouble.self) {
            try await pool.transaction { session in
                #expect(try JobQueue.enqueue(jobs, in: session).count == 2)
                throw Trouble(description: "the caller changed its mind")
            }
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == 0)

        let ids = try await pool.enqueue(jobs)
        #expect(ids.count == 2 && ids == ids.sorted())
        #expect(try await pool.claim(10).map(\.payload) == ["\"a\"", "\"b\""])
    }

    @Test("many jobs at once are stored with all that each asks for, as few are")
    func many() async throws {
        struct Second: JobHandler {
            static let kind = "second"
            static let version = 2
            func run(_ payload: String, _ context: JobContext) async throws -> JobOutcome { .done }
        }
        let later = Instant(microsecondsSinceEpoch: 4_000_000_000_000_000)
        let jobs = try (0..<400).map { number in
            try Job(
                Second.self, "\(number)", queue: number.isMultiple(of: 2) ? "even" : "odd", priority: number % 9 - 4,
                runAt: number.isMultiple(of: 3) ? later : nil, maxAttempts: number + 1,
                timeout: number.isMultiple(of: 5) ? .milliseconds(number + 1) : nil,
                trace: number.isMultiple(of: 7) ? "trace \(number)" : nil
            )
        }
        _ = try await pool.enqueue(jobs)
        for start in stride(from: 0, to: 400, by: 40) { _ = try await pool.enqueue(Array(jobs[start..<start + 40])) }
        let kinds = try await pool.count(
            """
            SELECT count(DISTINCT (queue, kind, payload, payload_version, priority, max_attempt_count, state, timeout, trace,
                                   CASE state WHEN 'scheduled' THEN run_at END, CASE state WHEN 'scheduled' THEN turn_at END))
              FROM queue.job
            """
        )
        #expect(kinds == 400, "each twice, by COPY and by arrays")
        #expect(try await pool.count("SELECT count(*) FROM queue.job WHERE payload_version = 2") == 800)
        #expect(try await pool.count("SELECT count(*) FROM queue.job WHERE state = 'scheduled'") == 268)
    }

    @Test("a key of an unfinished job adds nothing; once that is finished the key is free")
    func uniqueKey() async throws {
        let job = try Job(Scripted.self, "nightly", uniqueKey: "night")
        #expect(try await pool.enqueue([job, job]).count == 1, "within one statement")
        #expect(try await pool.enqueue([job]).isEmpty, "while it waits")

        let claim = try #require(try await pool.claim(1).first)
        #expect(try await pool.enqueue([job]).isEmpty, "while it runs")

        _ = try await pool.settle(claim.fence, .done)
        #expect(try await pool.enqueue([job]).count == 1)
    }

    @Test("cancelled jobs go to history, running ones too, and later answers are refused")
    func cancel() async throws {
        let running = try await pool.enqueue("running")
        let claim = try #require(try await pool.claim(1).first)
        let waiting = try await pool.enqueue("waiting", uniqueKey: "key")

        let cancelled = try await pool.transaction { session in
            try JobQueue.cancel([running, 424_242], in: session) + JobQueue.cancel(uniqueKeys: ["key"], in: session)
        }
        #expect(cancelled == 2)
        #expect(try await pool.end(running) == "cancelled")
        #expect(try await pool.end(waiting) == "cancelled")
        #expect(try await pool.settle(claim.fence, .done).isEmpty)
        #expect(try await pool.end(running) == "cancelled")
    }

    @Test("what breaks a bound of the table is refused by the constraint's name")
    func constraints() async throws {
        let job = try Job(Scripted.self, "never", maxAttempts: 0)
        await #expect {
            try await pool.enqueue([job])
        } throws: { error in
            (error as? PostgresError)?.constraint == "attempt_limit_positive"
        }
    }

    @Test("depths count what waits, runs and is scheduled")
    func depths() async throws {
        _ = try await pool.enqueue("a")
        _ = try await pool.claim(1)
        _ = try await pool.enqueue("b")
        _ = try await pool.enqueue([
            try Job(Scripted.self, "c", runAt: Instant(microsecondsSinceEpoch: 9_000_000_000_000_000))
        ])

        let depths = try await pool.withSession { session in try await JobQueue.depths(in: session) }
        let depth = try #require(depths.first)
        #expect(depths.count == 1 && depth.queue == "default")
        #expect([depth.scheduledCount, depth.availableCount, depth.runningCount] == [1, 1, 1])
        #expect(try #require(depth.oldestAvailableSeconds) >= 0)
    }
}
