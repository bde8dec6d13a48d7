import Postgres
import TestSupport
import Testing
import queue_worker

extension QueueFaults {
    @Suite("a full disk under PostgreSQL")
    struct DiskFullTests {
        static let (jobsPerBatch, fillingSize) = (4, 48 << 10)
        /// So many transactions fill the disk many times over.
        static let mostBatches = 2_000

        /// What there is no room for first: pages of tables, and a statement fails, or the log, and the server does.
        enum Want: String, CaseIterable {
            case tables
            case log

            /// More room comes back than the jobs can take that fit in before: each is written again when it is done.
            var shape: ServerShape {
                switch self {
                case .tables:
                    ServerShape(disk: .init(size: 160, ballast: 90), settings: ["max_wal_size = 32MB"])
                // The log's second file of 16 MB does not fit any more when the first is full.
                case .log:
                    ServerShape(disk: .init(size: 160, ballast: 100), settings: ["max_wal_size = 4GB"])
                }
            }
        }

        @Test(
            "enqueueing fails clearly, nothing acknowledged is lost, and room is all it takes to go on", limit,
            arguments: Want.allCases
        )
        func full(for want: Want) async throws {
            for round in 0..<rounds(short: 1, long: 5) {
                let server = try await PostgresServer.start(want.shape)
                let ground = try await Ground(on: server)
                let hearing = Hearing()
                let worker = try await WorkerProcess("worker", on: ground, ["--concurrency", "2"], hearing: hearing)

                let (stored, errors) = await fill(ground, seed: UInt64(round))
                let strange = errors.filter { ![.diskFull, .connection, .shutdown].contains($0.kind) }
                #expect(strange.isEmpty, "a full disk was called \(strange)")
                try #require(!errors.isEmpty, "the disk did not become full")
                // A server that cannot write its log ends before it can say why.
                let isClear = errors.contains { $0.kind == .diskFull }
                if want == .tables { #expect(isClear, "nothing said that the disk is full: \(errors)") }

                let start = ContinuousClock.now
                try await server.dropBallast()
                let jobIDs = stored + (try await firstTaken(ground))
                let last = try await ground.enqueueLast(after: ground.unfinished())
                try await hearing.wait(for: .done, "\(last)")
                let recovery = ContinuousClock.now - start
                try await ground.expectEachDoneOnce(jobIDs)
                let lost = try await ground.lostAttempts()
                #expect(lost == 0, "\(lost) attempts of a living worker were counted as lost")
                try await worker.finish()
                try Figures.note("disk_full.\(want).jobs", jobIDs.count, "jobs")
                try Figures.note("disk_full.\(want).said_disk_full", errors.count { $0.kind == .diskFull }, "errors")
                try Figures.note("disk_full.\(want).said_connection", errors.count { $0.kind != .diskFull }, "errors")
                try Figures.note("disk_full.\(want).recovered_s", recovery.inSeconds, "s")
            }
        }

        /// Enqueues until nothing more is taken, and returns what was acknowledged and what the failures said.
        private func fill(_ ground: Ground, seed: UInt64) async -> (stored: [Int64], errors: [PostgresError]) {
            var dice = Dice(seed: seed)
            // Random, because the server compresses.
            let letters = (0..<Self.fillingSize).map { _ in UInt8.random(in: 0x23...0x5B, using: &dice) }
            let filling = String(decoding: letters, as: UTF8.self)
            var stored: [Int64] = []
            var errors: [PostgresError] = []
            for _ in 0..<Self.mostBatches where errors.count < 20 {
                do {
                    stored += try await ground.enqueue(Self.jobsPerBatch, filling: filling)
                } catch let error as PostgresError {
                    errors.append(error)
                } catch {
                    errors.append(PostgresError(kind: .other, message: "\(error)"))
                }
            }
            return (stored, errors)
        }

        /// Enqueues until it is taken: a server that recovers refuses for a moment, and the pool pauses between tries.
        private func firstTaken(_ ground: Ground) async throws -> [Int64] {
            for _ in 0..<50 {
                do {
                    return try await ground.enqueue()
                } catch let error as PostgresError where [.connection, .shutdown].contains(error.kind) {
                    continue
                }
            }
            throw Trouble("the server takes nothing though its disk has room")
        }
    }
}
