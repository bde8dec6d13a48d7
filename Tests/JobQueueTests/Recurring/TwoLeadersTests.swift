import FoundationEssentials
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct TwoLeadersTests {
    let pool: Pool
    /// Half hours that pass: one in the tests of a change, two days of them for `Scripts/bench queue-faults`.
    private let rounds = ProcessInfo.processInfo.environment["MUSTER_FAULTS"] == "long" ? 100 : 1

    init() async throws {
        pool = try await queuePool()
        try await pool.setClock("2026-06-17 09:00:00+00")
        let recurrences = try (0..<20).map { number in
            Recurrence(
                name: "every minute \(number)", schedule: try CronSchedule("* * * * *"), missed: .catchUp(limit: 60),
                job: try Job(Scripted.self, "\(number)")
            )
        }
        try await pool.transaction { session in try JobQueue.register(recurrences, in: session) }
    }

    @Test("schedulers that all believe to lead enqueue each tick once")
    func concurrentPasses() async throws {
        let schedulers = ["a", "b", "c", "d"].map { Recurring(name: $0, pool: pool) }
        for round in 1...rounds {
            let minutes = 9 * 60 + 30 * round
            let (day, hour) = (17 + minutes / 1_440, minutes / 60 % 24)
            try await pool.setClock("2026-06-\(day) \(hour):\(minutes % 60):00+00")
            await withTaskGroup(of: Void.self) { group in
                for scheduler in schedulers {
                    group.addTask {
                        for _ in 0..<10 { _ = await scheduler.pass() }
                    }
                }
            }
        }
        let ticks = 20 * 30 * rounds
        #expect(try await pool.count("SELECT count(*) FROM queue.tick") == ticks)
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == ticks)
        #expect(try await pool.count("SELECT count(DISTINCT (payload, run_at)) FROM queue.job") == ticks)
    }

    @Test("a tick computed twice, each time from an old row, is one row and one job")
    func sameTickTwice() async throws {
        let ticks = (1...5).map { Instant(minutesSinceEpoch: 29_700_000 + $0) }
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { [pool] in
                    try await pool.transaction { session in
                        let job = try Job(Scripted.self, "tick")
                        return try JobQueue.enqueue(ticks, of: "every minute 0", in: session) { _ in job }.jobIDs.count
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.sorted() == [0, 0, 0, 0, 0, 0, 0, 5])
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == 5)
    }

    @Test("one that cannot be enqueued keeps none of the others waiting")
    func oneIsBroken() async throws {
        try await pool.execute(
            "UPDATE queue.recurring SET job = jsonb_set(job, '{maxAttempts}', '0') WHERE name = 'every minute 0'"
        )
        try await pool.setClock("2026-06-17 09:01:00+00")
        _ = await Recurring(name: "a", pool: pool).pass()
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == 19)
        #expect(try await pool.count("SELECT count(*) FROM queue.recurring WHERE next_at <= queue.now()") == 1)
    }

    @Test("of two schedulers one leads and ticks, and when it stops the other goes on")
    func takesOver() async throws {
        let events = Mailbox(of: (name: String, event: RecurringEvent).self)
        let schedulers = ["a", "b"].map { name in
            Recurring(name: name, pool: pool, pollInterval: .milliseconds(10), leaseDuration: .seconds(3_600))
                .observed { events.put((name, $0)) }
        }
        try await withWorkers([schedulers[0]]) {
            #expect(try await events.next() == ("a", .leading(epoch: 1)))
            try await withWorkers([schedulers[1]]) {
                try await pool.setClock("2026-06-17 09:01:00+00")
                for _ in 0..<20 { #expect(try await events.next().name == "a") }
            }
        }
        try await withWorkers([schedulers[1]]) {
            #expect(try await events.next() == ("b", .leading(epoch: 2)))
            try await pool.setClock("2026-06-17 09:02:00+00")
            for _ in 0..<20 { #expect(try await events.next().name == "b") }
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == 20 * 2)
    }
}
