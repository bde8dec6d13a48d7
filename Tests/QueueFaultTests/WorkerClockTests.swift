import Glibc
import Postgres
import TestSupport
import Testing
import queue_worker

extension QueueFaults {
    @Suite("a worker's clock wrong by an hour")
    struct WorkerClockTests {
        static let hour = 3_600
        /// In milliseconds; a third of it passes between heartbeats.
        static let lease = 2_000

        @Test("schedules, retries and leases go by the database's clock", .emptyDatabase, limit, arguments: [1, -1])
        func wrong(direction: Int) async throws {
            let rounds = rounds(short: 1, long: 20)
            let ground = try await Ground()
            let (holding, working) = (Hearing(), Hearing())
            let held = try await ground.enqueue(4)
            let holder = try await worker("holder", direction * Self.hour, ["--hold"], ground, holding)
            try await holding.wait(for: .started, ofAll: held)

            // The two are two hours apart, and each looks for lost workers three times in a lease.
            let other = try await worker("other", -direction * Self.hour, [], ground, working)
            var (scheduled, failing): ([Int64], [Int64]) = ([], [])
            for _ in 0..<rounds {
                let later = try await ground.enqueue(4, after: .seconds(2))
                let again = try await ground.enqueue(4, failures: 1)
                let around = try await working.wait(for: .done, ofAll: later + again)
                expectNothingTaken(around)
                (scheduled, failing) = (scheduled + later, failing + again)
            }
            for _ in 0..<4 * rounds { try await holding.wait(for: .renewed) }
            holder.letThrough()
            expectNothingTaken(try await holding.wait(for: .done, ofAll: held))

            let lost = try await ground.lostAttempts()
            #expect(lost == 0, "\(lost) jobs were taken from a living worker")
            try await ground.expectEachDoneOnce(held + scheduled + failing)
            try await expectPunctual(scheduled, failing, ground)
            try await holder.finish()
            try await other.finish()
            let key = direction > 0 ? "ahead" : "behind"
            try Figures.note("worker_clock.\(key)_jobs", held.count + scheduled.count + failing.count, "jobs")
            try Figures.note("worker_clock.\(key)_lost_attempts", lost, "attempts", atMost: 0)
        }

        private func expectNothingTaken(_ lines: [Line]) {
            #expect(!lines.contains { [.rescued, .stale].contains($0.word) })
        }

        /// A worker whose clock is off by so many seconds, and says so itself.
        private func worker(
            _ name: String, _ seconds: Int, _ options: [String], _ ground: Ground, _ hearing: Hearing
        ) async throws -> WorkerProcess {
            let worker = try await WorkerProcess(
                name, on: ground, ["--lease", "\(Self.lease)", "--concurrency", "4"] + options,
                environment: [
                    "LD_PRELOAD": try Built.path(of: "libWrongClock.so"),
                    "WRONG_CLOCK_SECONDS": "\(seconds)",
                ],
                hearing: hearing
            )
            let clock = try #require(Int(try await hearing.wait(for: .clock).subject))
            let error = clock - time(nil)
            try #require(abs(error - seconds) < 60, "its clock is off by \(error) s instead of \(seconds)")
            return worker
        }

        /// By the database's clock: nothing scheduled began early or long after its time, and each failed attempt was
        /// followed after its back-off, half a second to a second.
        private func expectPunctual(_ scheduled: [Int64], _ failing: [Int64], _ ground: Ground) async throws {
            let wrong = try await ground.pool.rows(
                """
                SELECT format('job %s, to run at %s, began at %s', job_id, run_at, started_at) AS wrong
                  FROM queue.history
                 WHERE job_id = ANY(\(scheduled + failing)::bigint[])
                   AND started_at - run_at NOT BETWEEN interval '0' AND interval '3 seconds'
                UNION ALL
                SELECT format('job %s, failed at %s, was to run at %s', job_id, failed_at, run_at)
                  FROM queue.history JOIN queue.failure USING (job_id)
                 WHERE job_id = ANY(\(failing)::bigint[])
                   AND run_at - failed_at NOT BETWEEN interval '0.49 seconds' AND interval '1.01 seconds'
                """
            ).map { try $0.decode("wrong", as: String.self) }
            #expect(wrong.isEmpty, "\(wrong.joined(separator: "; "))")
            let failures = try await ground.count("SELECT count(*) FROM queue.failure")
            #expect(failures == failing.count, "\(failures) attempts failed instead of \(failing.count)")
        }
    }
}
