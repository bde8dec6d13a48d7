import TestSupport
import Testing
import queue_worker

extension QueueFaults {
    @Suite("kill -9 of a worker")
    struct WorkerKillTests {
        static let jobsPerRound = 12

        @Test("killed at random points, every job still takes effect exactly once", .emptyDatabase, limit)
        func killed() async throws {
            let rounds = rounds(short: 15, long: 500)
            let ground = try await Ground()
            let hearing = Hearing()
            var dice = Dice(seed: 1)
            var workers: [WorkerProcess] = []
            for number in 0..<2 { workers.append(try await WorkerProcess("w\(number)", on: ground, hearing: hearing)) }

            var jobIDs: [Int64] = []
            for _ in 0..<rounds {
                jobIDs += try await ground.enqueue(Self.jobsPerRound)
                // Each job is at least three lines, of whichever worker, so these come.
                try await hearing.skip(Int.random(in: 1...Self.jobsPerRound * 5 / 2, using: &dice))
                let victim = Int.random(in: 0..<2, using: &dice)
                await workers[victim].kill()
                workers[victim] = try await WorkerProcess("w\(victim)", on: ground, hearing: hearing)
            }
            let last = try await ground.enqueueLast(after: jobIDs)
            try await hearing.wait(for: .done, "\(last)")

            try await ground.expectEachDoneOnce(jobIDs)
            let lost = try await ground.lostAttempts()
            #expect(lost > 0, "no worker was killed with a job in its hands")
            for worker in workers { try await worker.finish() }
            try Figures.note("worker_kill.rounds", rounds, "kills")
            try Figures.note("worker_kill.jobs", jobIDs.count, "jobs")
            try Figures.note("worker_kill.lost_attempts", lost, "attempts")
        }
    }
}
