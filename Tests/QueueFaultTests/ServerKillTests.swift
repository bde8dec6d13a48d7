import FoundationEssentials
import Postgres
import TestSupport
import Testing
import queue_worker

extension QueueFaults {
    @Suite("kill -9 of PostgreSQL")
    struct ServerKillTests {
        static let (writers, jobsPerWriter) = (4, 50)

        /// Seconds since 1970 open each line of the log: when the server took connections again is written only there.
        private static let shape = ServerShape(settings: ["log_line_prefix = '%n '"])

        @Test("under load, no acknowledged job is lost, and the worker is back in two seconds and listens again", limit)
        func killed() async throws {
            let rounds = rounds(short: 3, long: 100)
            let server = try await PostgresServer.start(Self.shape)
            let ground = try await Ground(on: server)
            let hearing = Hearing()
            let options = ["--listen-database", ground.conninfo]
            let worker = try await WorkerProcess("worker", on: ground, options, hearing: hearing)
            try await hearing.wait(for: .listening)
            var dice = Dice(seed: 3)
            var (jobIDs, absences): ([Int64], [Double]) = ([], [])
            for _ in 0..<rounds {
                let load = Load()
                async let written = load.write(Self.writers, Self.jobsPerWriter, to: ground)
                try await load.acknowledged(Int.random(in: 1...Self.writers * Self.jobsPerWriter / 2, using: &dice))
                try await server.crash()
                try await server.start()
                let probe = try await ground.enqueue(priority: 4)
                let before = try await hearing.wait(for: .done, ofAll: probe)
                if !before.contains(where: { $0.word == .listening }) { try await hearing.wait(for: .listening) }
                absences.append(try await absence(of: server, ground))
                jobIDs += probe + (await written)
            }
            // Some were stored and their acknowledgement was lost.
            let last = try await ground.enqueueLast(after: ground.unfinished())
            try await hearing.wait(for: .done, "\(last)")

            try await ground.expectEachDoneOnce(jobIDs)
            let longest = absences.max() ?? 0
            #expect(longest <= 2, "the worker's first job after the server's return: \(longest) s")
            try await worker.finish()
            try Figures.note("server_kill.rounds", rounds, "kills")
            try Figures.note("server_kill.jobs", jobIDs.count, "jobs")
            try Figures.note("server_kill.back_max_s", longest, "s", atMost: 2)
            try Figures.note("server_kill.back_median_s", absences.sorted()[absences.count / 2], "s")
        }

        /// From the moment the server took connections to the first job done after it, by one clock.
        private func absence(of server: PostgresServer, _ ground: Ground) async throws -> Double {
            let log = try #require(FileManager.default.contents(atPath: (server.folder ?? "") + "/log"))
            let ready = String(decoding: log, as: UTF8.self).split(separator: "\n")
                .last { $0.hasSuffix("database system is ready to accept connections") }
            let since = try #require(ready?.split(separator: " ").first.flatMap { Double($0) })
            return try #require(
                try await ground.seconds(
                    """
                    SELECT (extract(epoch FROM min(finished_at)) - \(since)::float8)::float8
                      FROM queue.history WHERE finished_at >= to_timestamp(\(since)::float8)
                    """
                )
            )
        }
    }
}
