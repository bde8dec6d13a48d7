import FoundationEssentials
import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct MigratedTests {
    /// Applies the migrations of the queue, and `filling` after the first, which is all there was in the first release.
    private func migrate(_ pool: Pool, filling: String) async throws {
        let folder =
            #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
            + "/Migrations"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        for (place, file) in files.filter({ $0.contains("_queue") }).enumerated() {
            let bytes = try Data(contentsOf: URL(filePath: folder + "/" + file))
            try await pool.withSession { session in
                try await session.script(unchecked: String(decoding: bytes, as: UTF8.self))
                if place == 0 { try await session.script(unchecked: filling) }
            }
        }
    }

    @Test("jobs and history of the first release are there after the migrations, and go their way")
    func filled() async throws {
        let pool = FreshDatabase.current.pool
        try await migrate(
            pool,
            filling: """
                INSERT INTO queue.job (queue, kind, payload, priority, unique_key, state, run_at, attempt_count)
                VALUES ('default', 'scripted', '"urgent"', 99, 'key', 'available', now() - interval '9 days', 24),
                       ('default', 'scripted', '"due"', -99, NULL, 'scheduled', now() - interval '1 day', 0);
                INSERT INTO queue.job (queue, kind, payload, state, attempt_count, started_at, worker_name, lease_epoch,
                                       lease_until)
                VALUES ('default', 'scripted', '"lost"', 'running', 1, now(), 'gone', nextval('queue.lease_epoch'), now());
                INSERT INTO queue.history (job_id, queue, kind, payload, priority, outcome, reason, attempt_count,
                                           lease_epoch, run_at, enqueued_at, finished_at)
                VALUES (101, 'default', 'scripted', '"a"', 99, 'dead', 'broken', 30, 1, now(), now(), now()),
                       (102, 'default', 'scripted', '"b"', 0, 'done', NULL, 1, 1, now(), now(), now()),
                       (103, 'default', 'scripted', '"c"', 0, 'cancelled', NULL, 0, NULL, now(), now(),
                        now() - interval '8 days');
                """
        )
        #expect(try await pool.rescue().isEmpty, "what ran while the tables changed begins anew")
        let redriven = try await pool.transaction { session in try JobQueue.redrive(DeadJobs(), in: session).redriven }
        #expect(redriven == [101])
        let claims = try await pool.claim(9)
        #expect(Set(claims.map(\.payload)) == ["\"urgent\"", "\"due\"", "\"lost\"", "\"a\""])
        #expect(claims.first?.payload == "\"urgent\"")
        for claim in claims { #expect(try await pool.settle(claim.fence, .done) == [claim.fence]) }
        #expect(try await pool.end(102) == "done")
        #expect(try await pool.end(103) == "cancelled")
        _ = try await pool.withSession { session in try await JobQueue.prune(Retention(), in: session) }
        #expect(try await pool.end(102) == "done")
        #expect(try await pool.end(103) == nil)
    }
}
