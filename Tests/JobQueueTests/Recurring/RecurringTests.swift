import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct RecurringTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    private func recurrence(
        _ name: String = "close", _ schedule: String = "0 18 * * 1-5", zone: String = "Asia/Shanghai",
        missed: Recurrence.Missed = .skip, payload: String = "books", uniqueKey: String? = nil
    ) throws -> Recurrence {
        Recurrence(
            name: name, schedule: try CronSchedule(schedule), zone: zone, missed: missed,
            job: try Job(Scripted.self, payload, maxAttempts: 3, uniqueKey: uniqueKey)
        )
    }

    private func register(_ recurrences: Recurrence...) async throws {
        try await pool.transaction { session in try JobQueue.register(recurrences, in: session) }
    }

    private func tick(_ name: String = "close") async throws -> JobQueue.Ticking {
        try await pool.transaction { session in try JobQueue.tick(name, in: session) }
    }

    private func nextTick(_ name: String = "close") async throws -> String {
        let row = try await pool.rows("SELECT next_at FROM queue.recurring WHERE name = \(name)")[0]
        return "\(try row.decode("next_at", as: Instant.self))"
    }

    @Test("a registered job is enqueued when its time has come on its zone's walls, once, as it was given")
    func ticks() async throws {
        try await pool.setClock("2026-06-17 09:00:00+00")
        try await register(recurrence(payload: "a \"payload\""))
        #expect(try await tick() == JobQueue.Ticking(), "18:00 in Shanghai is 10:00 in UTC")

        try await pool.setClock("2026-06-17 10:00:00+00")
        let ticking = try await tick()
        #expect(ticking.tickCount == 1 && ticking.queues == ["default"])
        #expect(try await tick() == JobQueue.Ticking())
        #expect(try await nextTick() == "2026-06-18 10:00:00+00")

        let claim = try #require(try await pool.claim(9).first)
        #expect([claim.jobID] == ticking.jobIDs && claim.payload == #""a \"payload\"""# && claim.maxAttempts == 3)
        let runAt: Statement = "SELECT count(*) FROM queue.job WHERE run_at = '2026-06-17 10:00+00'"
        #expect(try await pool.count(runAt) == 1)
        #expect(try await pool.count("SELECT count(*) FROM queue.tick WHERE job_id = \(claim.jobID)") == 1)
    }

    @Test(
        "of the ticks missed in downtime, as many of the newest are made up for as was asked",
        arguments: [(.skip, 1), (.catchUp(limit: 3), 3), (.catchUp(limit: 100), 26)] as [(Recurrence.Missed, Int)]
    )
    func missed(policy: Recurrence.Missed, count: Int) async throws {
        try await pool.setClock("2026-03-28 12:30:00+00")
        try await register(recurrence("hourly", "0 * * * *", zone: "Europe/Berlin", missed: policy))
        try await pool.setClock("2026-03-29 14:30:00+00")
        #expect(try await tick("hourly").tickCount == count)
        let newest = try await pool.rows("SELECT max(run_at) AS newest FROM queue.job")[0]
        #expect("\(try newest.decode("newest", as: Instant.self))" == "2026-03-29 14:00:00+00")
        #expect(try await nextTick("hourly") == "2026-03-29 15:00:00+00")
    }

    @Test("registering again keeps what is due; a changed schedule counts from now, a changed job is the next one's")
    func registersAgain() async throws {
        try await pool.setClock("2026-06-17 09:00:00+00")
        try await register(recurrence())
        try await pool.setClock("2026-06-17 11:00:00+00")
        try await register(recurrence(payload: "other books"))
        #expect(try await nextTick() == "2026-06-17 10:00:00+00")
        #expect(try await tick().tickCount == 1)
        #expect(try await pool.claim(1).map(\.payload) == ["\"other books\""])

        try await register(recurrence(zone: "UTC"))
        #expect(try await nextTick() == "2026-06-17 18:00:00+00")
        try await register(recurrence("close", "0 12 * * *", zone: "UTC"))
        #expect(try await nextTick() == "2026-06-17 12:00:00+00")
    }

    @Test("a recurrence removed by name comes due no more")
    func unregisters() async throws {
        try await register(recurrence("every", "* * * * *"), recurrence("other"))
        let removed = try await pool.transaction { session in
            try JobQueue.unregister(["every", "unknown"], in: session)
        }
        #expect(removed == 1)
        #expect(try await pool.count("SELECT count(*) FROM queue.recurring") == 1)
    }

    @Test(
        "an unknown zone is refused with its name, and nothing is registered", arguments: ["Asia/Beijing", "CEST", ""]
    )
    func unknownZone(zone: String) async throws {
        await #expect(throws: RecurrenceError.unknownZone(zone, recurrence: "bad")) {
            try await register(recurrence("good"), recurrence("bad", zone: zone))
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.recurring") == 0)
    }

    @Test("a tick that finds an earlier one's job unfinished adds none, and is remembered")
    func overlap() async throws {
        try await pool.setClock("2026-06-17 09:00:00+00")
        try await register(recurrence("minutely", "* * * * *", uniqueKey: "one at a time"))
        for (minute, added) in [("01", 1), ("02", 0)] {
            try await pool.setClock("2026-06-17 09:\(minute):00+00")
            let ticking = try await tick("minutely")
            #expect(ticking.tickCount == 1 && ticking.jobIDs.count == added)
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.tick WHERE job_id IS NULL") == 1)
    }

    @Test("everything about a job is kept but its moment and its trace")
    func stored() throws {
        let job = try Job(
            Scripted.self, "payload", queue: "other", priority: -2, maxAttempts: 7, tenant: "somebody",
            timeout: .milliseconds(1_500), trace: "not kept"
        )
        let keyed = try Job(Scripted.self, "payload", uniqueKey: "key")
        for job in [job, keyed, keyed.replacing(), job.unique("window", within: .seconds(60))] {
            let stored = StoredJob(job)
            let again = Job(try StoredJob(stored.json), payload: job.payload, runAt: Instant(minutesSinceEpoch: 1))
            #expect(StoredJob(again) == stored && again.payload == job.payload && again.trace == nil)
        }
    }

    @Test("however many recurrences cannot be enqueued, one pass gets to those behind them")
    func failing() async throws {
        try await pool.setClock("2026-06-17 09:00:00+00")
        let failing = try (1...JobQueue.recurringLimit).map { try recurrence("a\($0)", "0 10 * * *", zone: "UTC") }
        let good = try recurrence("good", "30 10 * * *", zone: "UTC")
        try await pool.transaction { session in try JobQueue.register(failing + [good], in: session) }
        try await pool.execute("UPDATE queue.recurring SET schedule = 'not a schedule' WHERE name <> 'good'")
        try await pool.setClock("2026-06-17 10:30:00+00")
        _ = await Recurring(name: "r", pool: pool).pass()
        #expect(try await pool.count("SELECT count(*) FROM queue.tick WHERE name = 'good'") == 1)
    }

    @Test("ticks are forgotten by age")
    func prunes() async throws {
        try await pool.setClock("2026-06-17 09:00:00+00")
        try await register(recurrence("hourly", "0 * * * *", missed: .catchUp(limit: 9)))
        try await pool.setClock("2026-06-17 12:00:00+00")
        #expect(try await tick("hourly").tickCount == 3)
        let forgotten = try await pool.withSession { session in
            try await JobQueue.pruneTicks(olderThan: .seconds(3_600), in: session)
        }
        #expect(forgotten == 1)
    }
}

extension Pool {
    /// Lets the queue's clock stand at `moment`, for all sessions.
    func setClock(_ moment: String) async throws {
        try await withSession { session in
            try await session.script(
                unchecked: """
                    CREATE OR REPLACE FUNCTION queue.now() RETURNS timestamptz LANGUAGE sql STABLE
                        AS $$ SELECT timestamptz '\(moment)' $$
                    """
            )
        }
    }
}
