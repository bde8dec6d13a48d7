import Postgres
import TestSupport
import Testing
import queue_worker

extension QueueFaults {
    @Suite("a pooler in transaction mode")
    struct PoolerTests {
        @Test("everything but LISTEN goes through PgBouncer, over fewer sessions than there are", .emptyDatabase, limit)
        func pooled() async throws {
            let direct = try await Ground()
            try await PgBouncer.with(before: direct, sessions: 3) { conninfo in
                let pool = Pool(Configuration(conninfo: conninfo, preparesStatements: false), size: 8)
                let ground = direct.through(pool)
                let hearing = Hearing()
                var workers: [WorkerProcess] = []
                for number in 0..<2 {
                    let options = ["--no-prepare", "--listen-database", direct.conninfo]
                    workers.append(
                        try await WorkerProcess("w\(number)", on: ground, database: conninfo, options, hearing: hearing)
                    )
                    try await hearing.wait(for: .listening)
                }
                // One by one, in bulk by COPY, scheduled, failing at first, and waiting for all of these.
                var jobIDs: [Int64] = []
                for _ in 0..<20 { jobIDs += try await ground.enqueue() }
                for _ in 0..<rounds(short: 1, long: 25) { jobIDs += try await ground.enqueue(400) }
                jobIDs += try await ground.enqueue(5, after: .seconds(1))
                jobIDs += try await ground.enqueue(5, failures: 1)
                let last = try await ground.enqueueLast(after: jobIDs)
                try await hearing.wait(for: .done, "\(last)")

                try await ground.expectEachDoneOnce(jobIDs)
                #expect(try await direct.lostAttempts() == 0)
                for worker in workers { try await worker.finish() }
                await pool.shutdown()
                try Figures.note("pooler.jobs", jobIDs.count, "jobs")
            }
        }
    }
}
