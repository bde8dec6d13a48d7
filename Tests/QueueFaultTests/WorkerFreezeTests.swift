import Postgres
import TestSupport
import Testing
import queue_worker

extension QueueFaults {
    @Suite("SIGSTOP of a worker")
    struct WorkerFreezeTests {
        static let held = 6

        @Test(
            "stopped past its lease, it comes back to find its jobs done by another and changes nothing",
            .emptyDatabase, limit
        )
        func frozen() async throws {
            let rounds = rounds(short: 2, long: 50)
            let ground = try await Ground()
            let (hearing, others) = (Hearing(), Hearing())
            let frozen = try await WorkerProcess("frozen", on: ground, ["--hold"], hearing: hearing)
            var jobIDs: [Int64] = []
            var refused = 0
            for round in 0..<rounds {
                let some = try await ground.enqueue(Self.held)
                try await hearing.wait(for: .started, ofAll: some)
                frozen.freeze()
                let rescuer = try await WorkerProcess("rescuer", on: ground, hearing: others)
                try await others.wait(for: .done, ofAll: some)
                // Every other time its handlers end at once and try to complete; else its heartbeat finds out.
                if round.isMultiple(of: 2) { frozen.letThrough() }
                frozen.thaw()
                try await hearing.wait(for: .stale, ofAll: some)
                refused += some.count
                jobIDs += some
                try await rescuer.finish()
            }
            try await ground.expectEachDoneOnce(jobIDs)
            #expect(try await ground.lostAttempts() == jobIDs.count)
            let own = try await ground.count("SELECT count(*) FROM queue.history WHERE worker_name <> 'rescuer'")
            #expect(own == 0, "\(own) jobs were ended by the worker that had lost them")

            // It is none the worse for it.
            let more = try await ground.enqueue()
            try await hearing.wait(for: .started, ofAll: more)
            frozen.letThrough()
            let between = try await hearing.wait(for: .done, ofAll: more)
            #expect(!between.contains { $0.word == .stale }, "a job was said to be stale twice")
            try await frozen.finish()
            try Figures.note("worker_freeze.rounds", rounds, "stops")
            try Figures.note("worker_freeze.refused", refused, "attempts")
        }
    }
}
