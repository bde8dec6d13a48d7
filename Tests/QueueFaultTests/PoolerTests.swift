import Postgres
import TestSupport
import Testing
import queue_worker

@testable import JobQueue

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

        @Test(
            "keys, limits, bells, rescue, cancelling, draining, redriving, ticks and looking on go through it too",
            .emptyDatabase, limit
        )
        func operated() async throws {
            let direct = try await Ground()
            try await PgBouncer.with(before: direct, sessions: 3) { conninfo in
                let pool = Pool(Configuration(conninfo: conninfo, preparesStatements: false), size: 8)
                let ground = direct.through(pool)
                let bell = Bell(pool: pool)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await bell.run() }
                    // By polling nothing would come in time: what is waited for was notified of.
                    let options = ["--no-prepare", "--listen-database", direct.conninfo, "--poll", "600000"]
                    try await pool.transaction { session in
                        try JobQueue.setThrottle(Throttle(.kind, EffectHandler.kind, runningLimit: 2), in: session)
                    }
                    let hearing = Hearing()
                    let first = try await WorkerProcess(
                        "first", on: ground, database: conninfo, options + ["--hold"], hearing: hearing)
                    try await hearing.wait(for: .listening)
                    var jobIDs = try await enqueueKeyed(ground, bell)
                    try await killed(first, ground, hearing, &jobIDs)

                    let second = try await WorkerProcess(
                        "second", on: ground, database: conninfo, options, hearing: hearing)
                    try await hearing.wait(for: .done, ofAll: jobIDs)
                    jobIDs += try await rested(ground, bell, hearing)
                    try await redriven(ground, bell, hearing)
                    jobIDs.append(try await ticked(ground, bell, hearing))
                    #expect(try await !Watchdog(pool: pool).look().isEmpty)

                    try await ground.expectEachDoneOnce(jobIDs)
                    try await second.finish()
                    group.cancelAll()
                }
                await pool.shutdown()
            }
        }

        /// Jobs of many tasks, some under one key, and of one task at once.
        private func enqueueKeyed(_ ground: Ground, _ bell: Bell) async throws -> [Int64] {
            let enqueuer = Enqueuer(pool: ground.pool, bell: bell)
            let stored = try await withThrowingTaskGroup(of: Int64?.self) { group in
                for number in 0..<40 {
                    let job = try effect(uniqueKey: number.isMultiple(of: 4) ? "one of ten" : nil)
                    group.addTask { try await enqueuer.enqueue(job) }
                }
                return try await group.reduce(into: []) { $0 += [$1].compactMap { $0 } }
            }
            #expect(stored.count == 31)
            let bulk = try ["one of ten", "other", "other"].map { try effect(uniqueKey: $0) }
            let more = try await ground.pool.transaction { session in try JobQueue.enqueue(bulk, in: session) }
            #expect(more.count == 1)
            bell.ring("default")
            return stored + more
        }

        /// Cancels one of what runs within the limit, and kills the worker with the other in its hands.
        private func killed(
            _ worker: WorkerProcess, _ ground: Ground, _ hearing: Hearing, _ jobIDs: inout [Int64]
        ) async throws {
            var running: [Int64] = []
            while running.count < 2 { running.append(try #require(try await hearing.wait(for: .started).jobID)) }
            let depth = try await ground.pool.transaction { session in try JobQueue.depths(in: session) }
            #expect(depth.map(\.runningCount) == [2])
            let cancelled = running[0]
            #expect(try await ground.pool.transaction { session in try JobQueue.cancel([cancelled], in: session) } == 1)
            try await hearing.wait(for: .stale, "\(cancelled)")
            await worker.kill()
            jobIDs.removeAll { $0 == cancelled }
        }

        /// Jobs that came while the queue rested.
        private func rested(_ ground: Ground, _ bell: Bell, _ hearing: Hearing) async throws -> [Int64] {
            let draining = try await JobQueue.drain("default", within: .seconds(30), pool: ground.pool)
            #expect(draining == .drained)
            let jobIDs = try await ground.enqueue(3)
            #expect(try await ground.pool.transaction { session in try JobQueue.resume("default", in: session) })
            bell.ring("default")
            try await hearing.wait(for: .done, ofAll: jobIDs)
            return jobIDs
        }

        /// A job that dies, works again, and dies again.
        private func redriven(_ ground: Ground, _ bell: Bell, _ hearing: Hearing) async throws {
            let hopeless = try Job(EffectHandler.self, EffectHandler.Payload(failures: 9), maxAttempts: 1)
            let jobIDs = try await ground.pool.transaction { session in try JobQueue.enqueue([hopeless], in: session) }
            bell.ring("default")
            try await hearing.wait(for: .undone, "\(jobIDs[0])")
            let redrive = try await ground.pool.transaction { session in
                try JobQueue.redrive(DeadJobs(jobIDs: jobIDs), in: session)
            }
            #expect(redrive.redriven == jobIDs)
            bell.ring("default")
            try await hearing.wait(for: .undone, "\(jobIDs[0])")
        }

        /// The job of a tick that is due.
        private func ticked(_ ground: Ground, _ bell: Bell, _ hearing: Hearing) async throws -> Int64 {
            let recurrence = Recurrence(name: "yearly", schedule: try CronSchedule("0 0 1 1 *"), job: try effect())
            try await ground.pool.transaction { session in
                try JobQueue.register([recurrence], in: session)
                try session.execute("UPDATE queue.recurring SET next_at = next_at - interval '1 year'")
            }
            let recurring = Recurring(name: "leader", pool: ground.pool, bell: bell)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await recurring.run() }
                let done = try await hearing.wait(for: .done)
                group.cancelAll()
                return try #require(done.jobID)
            }
        }

        private func effect(uniqueKey: String? = nil) throws -> Job {
            try Job(EffectHandler.self, EffectHandler.Payload(), uniqueKey: uniqueKey)
        }
    }
}
