import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct FairWorkerTests {
    @Test("while a worker serves one tenant's 3,000 jobs, another's one starts within two claims")
    func worker() async throws {
        let pool = try await queuePool()
        _ = try await pool.enqueue(try (0..<3_000).map { _ in try Job(Scripted.self, "a", tenant: "a") })
        let events = Mailbox(of: WorkerEvent.self)
        let started = Mailbox(of: Void.self)
        let handler = Scripted { payload, _ in
            if payload == "b" { started.put(()) }
            return .done
        }
        let worker = Worker(name: "w", pool: pool, concurrency: 20, handlers: [handler]).observed { events.put($0) }
        var stored: Instant?
        try await withWorkers([worker]) {
            try await events.ended(500)
            _ = try await pool.enqueue([try Job(Scripted.self, "b", tenant: "b")])
            // Not the moment it was enqueued at: a busy machine may claim many times between that and the commit.
            stored = try await pool.rows("SELECT queue.now()").first?.decode(0)
            try await started.next()
        }
        let committed = try #require(stored)
        // Every job of the first tenant that ran before it did so in a claim that was on its way, or in the next.
        let before = try await pool.count(
            """
            SELECT count(*) FROM queue.history AS a, queue.history AS b
             WHERE a.tenant = 'a' AND b.tenant = 'b'
               AND a.lease_epoch < b.lease_epoch AND a.started_at > \(committed)
            """
        )
        #expect(before <= 40)
    }

    @Test("the clock of a lane that a lost worker left is stopped by the next one when nothing waits any more")
    func leftClock() async throws {
        let pool = try await queuePool()
        try await pool.execute(
            "INSERT INTO queue.lane (queue, priority, served_at) VALUES ('default', 0, queue.now() - interval '1 hour')"
        )
        let running: Statement = "SELECT count(*) FROM queue.lane WHERE queue = 'default' AND NOT dry"
        let worker = Worker(
            name: "w", pool: pool, handlers: [Scripted { _, _ in .done }], pollInterval: .milliseconds(10))
        try await withWorkers([worker]) {
            while try await pool.count(running) > 0 { await Task.yield() }
        }
    }
}
