import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct UniqueTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    @Test("of several that replace under one key in a call the first does, and what waits in another queue stays")
    func replacesTogether() async throws {
        let kept = try await pool.enqueue([
            try Job(Scripted.self, "old", uniqueKey: "a"),
            try Job(Scripted.self, "old", queue: "other", uniqueKey: "b"),
        ])
        let replacing = try ["a", "a", "b", "c"].enumerated().map { place, key in
            try Job(Scripted.self, "new \(place)", uniqueKey: key).replacing()
        }
        let ids = try await pool.enqueue(replacing)
        #expect(ids.count == 2 && ids[0] == kept[0])
        let payloads = try await pool.rows("SELECT payload #>> '{}' FROM queue.job ORDER BY unique_key")
        #expect(try payloads.map { try $0.decode(0, as: String.self) } == ["new 0", "old", "new 3"])
    }

    @Test("a replacing job takes the place of the waiting one, and leaves a running one alone")
    func replaces() async throws {
        let first = try await pool.enqueue([try Job(Scripted.self, "old", uniqueKey: "key")])
        let second = try Job(Scripted.self, "new", priority: 2, uniqueKey: "key").replacing()
        #expect(try await pool.enqueue([second]) == first)
        let claim = try #require(try await pool.claim(1).first)
        #expect(claim.payload == "\"new\"" && claim.lane.priority == 2)

        #expect(try await pool.enqueue([try Job(Scripted.self, "late", uniqueKey: "key").replacing()]).isEmpty)
        #expect(try await pool.row(claim.jobID) == "running 1 \(claim.leaseEpoch) somebody")
    }

    @Test("a key with a window is taken until the window is over, however soon the job is done")
    func window() async throws {
        let job = try Job(Scripted.self, "hourly").unique("report", within: .seconds(3_600))
        #expect(try await pool.enqueue([job, job]).count == 1)
        let claim = try #require(try await pool.claim(2).first)
        _ = try await pool.settle(claim.fence, .done)
        #expect(try await pool.enqueue([job]).isEmpty)

        _ = try await pool.execute("UPDATE queue.unique_window SET until_at = queue.now()")
        #expect(try await pool.enqueue([job]).count == 1)
    }

    @Test("a bulk of 1,000 with every third key twice stores each key once and names the new ones in order")
    func bulk() async throws {
        let keys = (0..<1_000).map { $0 % 3 == 0 ? $0 / 2 : $0 }
        let ids = try await pool.enqueue(try keys.map { try Job(Scripted.self, "\($0)", uniqueKey: "k\($0)") })
        #expect(ids.count == Set(keys).count)
        #expect(ids == ids.sorted())
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == ids.count)
    }

    @Test("two that enqueue one key at once make one job")
    func race() async throws {
        let job = try Job(Scripted.self, "contested", uniqueKey: "key")
        let added = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { [pool] in try await pool.enqueue([job]).count } }
            return try await group.reduce(0, +)
        }
        #expect(added == 1)
    }

    @Test("keys are taken in one order, so that who waits for one holds none that comes after it")
    func keyOrder() async throws {
        let jobs = try ["b", "a"].map { try Job(Scripted.self, $0, uniqueKey: $0) }
        var configuration = FreshDatabase.current.configuration
        configuration.lockTimeout = .milliseconds(200)
        let hasty = Pool(configuration, size: 1)
        let both = try await pool.withSession { [pool] holder in
            try await holder.script(unchecked: "BEGIN")
            _ = try await JobQueue.enqueue([jobs[1]], in: holder)
            let waiting = Task { try await pool.enqueue(jobs) }
            while try await pool.count("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0 {}
            #expect(try await hasty.enqueue([jobs[0]]).count == 1)
            try await holder.script(unchecked: "ROLLBACK")
            return try await waiting.value
        }
        #expect(both.count == 1, "the other was there by then")
        await hasty.shutdown()
    }

    @Test("jobs under different rules are enqueued together, and their ids come in the order asked for")
    func mixed() async throws {
        let first = try await pool.enqueue("first")
        let ids = try await pool.enqueue([
            try Job(Scripted.self, "a", uniqueKey: "a"),
            try Job(Scripted.self, "b").after([first]),
            try Job(Scripted.self, "c"),
            try Job(Scripted.self, "d").unique("d", within: .seconds(9)),
        ])
        let payloads = try await pool.rows(
            "SELECT payload #>> '{}' AS text FROM unnest(\(ids)) WITH ORDINALITY AS id (job_id, place) JOIN queue.job USING (job_id) ORDER BY place"
        ).map { try $0.decode("text", as: String.self) }
        #expect(payloads == ["a", "b", "c", "d"])
    }
}
