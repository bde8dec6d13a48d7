import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct QueueViewTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    @Test("depths know the blocked, the dead and the resting, also where nothing else is there")
    func depths() async throws {
        _ = try await pool.bury("dead", queue: "grave")
        try await pool.execute("INSERT INTO queue.pause (queue) VALUES ('quiet')")
        let blocked = try await pool.enqueue("blocked")
        try await pool.execute("UPDATE queue.job SET state = 'blocked' WHERE job_id = \(blocked)")

        let depths = try await pool.operate { try JobQueue.depths(in: $0) }
        #expect(depths.map(\.queue) == ["default", "grave", "quiet"])
        #expect(depths.map(\.blockedCount) == [1, 0, 0])
        #expect(depths.map(\.deadCount) == [0, 1, 0])
        #expect(depths.map(\.isPaused) == [false, false, true])
        #expect(depths.map(\.oldestAvailableSeconds) == [nil, nil, nil])
    }

    @Test("the names of queues with unfinished jobs are found whatever state those are in")
    func names() async throws {
        for (queue, state) in [("d", "available"), ("b", "scheduled"), ("c", "blocked"), ("b", "available")] {
            let job = try Job(Scripted.self, "x", queue: queue)
            let id = try #require(try await pool.enqueue([job]).first)
            try await pool.execute("UPDATE queue.job SET state = \(state) WHERE job_id = \(id)")
        }
        _ = try await pool.enqueue([try Job(Scripted.self, "x", queue: "a")])
        _ = try await pool.claimOne(of: "a")
        let names = try await pool.rows("SELECT queue FROM queue.name_now ORDER BY 1")
        #expect(try names.map { try $0.decode("queue", as: String.self) } == ["a", "b", "c", "d"])
    }

    @Test("what waits says what it waits for")
    func reasons() async throws {
        let id = try await pool.enqueue("x")
        let reason: Statement = "SELECT waits_for FROM queue.waiting_now WHERE job_id = \(id)"
        #expect(try await pool.only(reason) == "a worker")

        try await pool.execute("INSERT INTO queue.throttle (scope, name, running_limit) VALUES ('kind', 'scripted', 1)")
        _ = try await pool.enqueue([try Job(Scripted.self, "other", queue: "other")])
        _ = try await pool.claimOne(of: "other")
        #expect(try await pool.only(reason) == "throttle of the kind")

        try await pool.execute(
            """
            INSERT INTO queue.throttle (scope, name, rate_count, rate_period, burst_count)
            VALUES ('queue', 'default', 1, '1 day', 1)
            """
        )
        #expect(try await pool.only(reason) == "throttle of the queue")
        try await pool.execute("INSERT INTO queue.pause (queue, reason) VALUES ('default', 'upgrade')")
        #expect(try await pool.only(reason) == "queue to be resumed: upgrade")

        try await pool.execute("UPDATE queue.job SET run_at = 'infinity', state = 'scheduled' WHERE job_id = \(id)")
        #expect(try await pool.only(reason) == "its time")
        try await pool.execute(
            "INSERT INTO queue.dependency SELECT \(id), other, 'ended' FROM unnest('{7,6}'::bigint[]) AS other"
        )
        try await pool.execute("UPDATE queue.job SET state = 'blocked' WHERE job_id = \(id)")
        #expect(try await pool.only(reason) == "jobs 6, 7")
    }

    @Test("what runs shows its worker, its lease and its progress; what died, its last error")
    func runningAndDead() async throws {
        let dead = try await pool.bury("dead", reason: "no route")
        #expect(try await pool.only("SELECT job_id || ' ' || last_error FROM queue.dead_now") == "\(dead) no route")

        let running = try await pool.enqueue("running")
        _ = try await pool.claim(1, as: "worker-1", lease: .seconds(600))
        let row = try await pool.only(
            """
            SELECT format('%s %s %s %s', job_id, worker_name, running_seconds BETWEEN 0 AND 300,
                          lease_left_seconds BETWEEN 300 AND 600)
              FROM queue.running_now
            """
        )
        #expect(row == "\(running) worker-1 t t")
        #expect(
            try await pool.only("SELECT queue || ' ' || kind || ' ' || running_count FROM queue.kind_now")
                == "default scripted 1"
        )
    }
}
