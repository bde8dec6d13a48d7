import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct TurnTests {
    let pool: Pool
    private let lane = Lane(queue: "default", priority: 0)

    init() async throws {
        pool = try await queuePool()
    }

    private func enqueue(_ count: Int, for tenant: String?) async throws {
        _ = try await pool.enqueue(try (0..<count).map { _ in try Job(Scripted.self, tenant ?? "", tenant: tenant) })
    }

    private func claim(_ limit: Int, told served: [Lane: Instant?] = [:]) async throws -> [Claim] {
        let claimant = Claimant(name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: .seconds(60))
        let news = served.mapValues { ServedLanes.News(turn: $0, isDry: $0 == nil) }
        let request = ClaimRequest(claimant: claimant, limit: limit, served: news)
        return try await pool.withSession { session in try await JobQueue.claim(request, in: session) }.claims
    }

    @Test("tenants that wait together take turns, job by job")
    func turns() async throws {
        let jobs = try ["a", "a", "a", "b", "b", "c"].map { try Job(Scripted.self, $0, tenant: $0) }
        _ = try await pool.enqueue(jobs)
        let order = try await claim(6).map(\.payload)
        #expect(order == ["\"a\"", "\"b\"", "\"c\"", "\"a\"", "\"b\"", "\"a\""])
    }

    @Test("one job of a tenant does not wait behind another's 10,000")
    func oneAmongMany() async throws {
        try await enqueue(10_000, for: "a")
        let batch = try await claim(100)
        let served = try #require(batch.map(\.turnAt).max())
        _ = try await claim(1, told: [lane: served])
        try await enqueue(1, for: "b")
        #expect(try await claim(2).contains { $0.payload == "\"b\"" })
    }

    @Test("nor does it where no worker has begun to work on those, or has told of it")
    func oneBehindBacklog() async throws {
        for _ in 1...2 { try await enqueue(1_000, for: "a") }
        try await enqueue(1, for: "b")
        #expect(try await claim(3).contains { $0.payload == "\"b\"" })
        _ = try await claim(100)
        try await enqueue(1, for: "c")
        #expect(try await claim(3).contains { $0.payload == "\"c\"" })
    }

    @Test("a tenant's jobs keep their order, whenever they come")
    func ownOrder() async throws {
        try await enqueue(3, for: "a")
        try await enqueue(2, for: "a")
        let ids = try await claim(5).map(\.jobID)
        #expect(ids == ids.sorted())
    }

    @Test("a lane in which nothing waits is forgotten: the next turn begins now")
    func dryLane() async throws {
        _ = try await claim(1, told: [lane: Instant(microsecondsSinceEpoch: 1)])
        #expect(try await pool.count("SELECT count(*) FROM queue.lane WHERE NOT dry") == 1)
        _ = try await claim(1, told: [lane: nil])
        #expect(try await pool.count("SELECT count(*) FROM queue.lane WHERE NOT dry") == 0)
        let before = Instant(microsecondsSinceEpoch: 1_000_000)
        try await enqueue(1, for: "a")
        #expect(try #require(try await claim(1).first).turnAt > before)
    }

    @Test("a lane keeps its clock while jobs wait in it that this claimant may not take")
    func restingLane() async throws {
        try await enqueue(9, for: "a")
        let served = try #require(try await claim(1).first?.turnAt)
        _ = try await claim(1, told: [lane: served])
        _ = try await pool.execute("INSERT INTO queue.pause (queue) VALUES ('default')")
        #expect(try await claim(9, told: [lane: nil]).isEmpty)
        #expect(try await pool.count("SELECT count(*) FROM queue.lane WHERE NOT dry") == 1)
        try await enqueue(1, for: "b")
        _ = try await pool.execute("DELETE FROM queue.pause")
        #expect(try await claim(2).contains { $0.payload == "\"b\"" })
    }

    @Test("what was told last of a lane is found without all that was told before, also beside an old snapshot")
    func told() async throws {
        let pages: @Sendable () async throws -> Int = { [pool] in
            let lines = try await pool.rows(
                "EXPLAIN (ANALYZE, BUFFERS) \(statement: JobQueue.lastTold("'default'", "0"))"
            ).map { try $0.decode(0, as: String.self) }
            let hits = lines.lazy.compactMap { try? /shared hit=(\d+)/.firstMatch(in: $0)?.1 }.first
            return try #require(hits.flatMap { Int($0) })
        }
        let holder = try await Session.connect(FreshDatabase.current.configuration)
        try await holder.script(unchecked: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM queue.lane")
        let lanes = [lane, Lane(queue: "default", priority: 1)]
        for turn in 1...1_000 {
            let told = Instant(microsecondsSinceEpoch: Int64(turn))
            _ = try await claim(1, told: Dictionary(uniqueKeysWithValues: lanes.map { ($0, told) }))
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.lane WHERE queue = 'default'") == lanes.count)
        #expect(try await pages() <= 10)
        try await pool.execute("ANALYZE queue.lane")
        #expect(try await pages() <= 10, "nor where PostgreSQL knows how few they are, and how large the index")
        await holder.close()
    }

    @Test("where a lane's clock lies behind, what comes back, is due or has no tenant does not wait for its backlog")
    func behind() async throws {
        try await enqueue(400, for: "a")
        try await enqueue(1, for: "b")
        _ = try await pool.execute(
            """
            UPDATE queue.job SET turn_at = queue.now() - interval '1 hour'
                                         + CASE tenant WHEN 'a' THEN job_id ELSE 0 END * interval '1 microsecond'
            """
        )
        let retried = try #require(try await claim(1).first)
        _ = try await claim(1, told: [lane: retried.turnAt])
        _ = try await pool.settle(retried.fence, .retry(after: .zero, reason: "try again"))
        let plain = [try await pool.enqueue("plain")]
        let traced = try await pool.enqueue([try Job(Scripted.self, "traced", trace: "t")])
        let due = try await pool.enqueue([
            try Job(Scripted.self, "due", runAt: Instant(microsecondsSinceEpoch: 4_000_000_000_000_000), tenant: "c")
        ])
        _ = try await pool.execute("UPDATE queue.job SET run_at = queue.now() WHERE state = 'scheduled'")
        let next = Set(try await claim(20).map(\.jobID))
        #expect(next.isSuperset(of: [retried.jobID] + plain + traced + due))
        let copied = try await pool.enqueue(
            try (0..<JobQueue.copyThreshold).map { _ in try Job(Scripted.self, "copied") })
        #expect(Set(try await claim(20 + copied.count).map(\.jobID)).isSuperset(of: copied))
    }

    @Test("what is new does not overtake larger priorities by the clock of a lane that lies behind")
    func newInOldLane() async throws {
        try await enqueue(40, for: "a")
        _ = try await pool.execute("UPDATE queue.job SET turn_at = turn_at - interval '1 hour'")
        let served = try #require(try await claim(1).first?.turnAt)
        _ = try await claim(1, told: [lane: served])
        let new = try await pool.enqueue([try Job(Scripted.self, "new", tenant: "b")])
        _ = try await pool.execute("DELETE FROM queue.job WHERE tenant = 'a' AND job_id > 10")
        _ = try await pool.execute("UPDATE queue.job SET turn_at = turn_at - interval '1 hour' WHERE tenant = 'b'")
        let urgent = try await pool.enqueue([try Job(Scripted.self, "urgent", priority: 4)])
        #expect(try await claim(1).map(\.jobID) == urgent)
        let again = try await pool.enqueue([try Job(Scripted.self, "urgent", priority: 4)])
        // An hour of waiting counts for those before it in the lane as well, or they would hide it.
        _ = try await pool.execute(
            """
            UPDATE queue.job SET run_at = run_at - interval '1 hour', enqueued_at = enqueued_at - interval '1 hour'
             WHERE tenant = 'a' AND state = 'available'
            """
        )
        #expect(try await claim(2).first?.jobID == new.first)
        #expect(try await claim(20).last?.jobID == again.first)
    }

    @Test("waiting counts: a job overtakes those of the next priority that came a minute later")
    func aging() async throws {
        let low = try await pool.enqueue([try Job(Scripted.self, "low", priority: -1)])
        _ = try await pool.execute(
            """
            UPDATE queue.job
               SET turn_at = turn_at - interval '61 s', run_at = run_at - interval '61 s',
                   enqueued_at = enqueued_at - interval '61 s'
            """
        )
        let usual = try await pool.enqueue([try Job(Scripted.self, "usual")])
        let lower = try await pool.enqueue([try Job(Scripted.self, "lower", priority: -1)])
        #expect(try await claim(3).map(\.jobID) == low + usual + lower)
    }
}
