import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct HistoryTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    private func finish(_ verdict: Settlement.Verdict) async throws -> Int64 {
        let id = try await pool.enqueue("to be finished")
        let claim = try #require(try await pool.claim(1).first)
        _ = try await pool.settle(claim.fence, verdict)
        return id
    }

    /// Tends history until there is nothing to do, and returns what was done.
    private func tend(_ finished: Duration) async throws -> [String] {
        var changes: [String] = []
        while let change = try await pool.withSession({ session in
            try await JobQueue.tendHistory(Retention(finished: finished), in: session)
        }) {
            changes.append(change)
        }
        return changes
    }

    /// Moves the clock of a new session, and what it then finishes, by `days`.
    private func finish(inDays days: Int64) async throws -> Int64 {
        let id = try await pool.enqueue("to be finished")
        let session = try await Session.connect(FreshDatabase.current.configuration)
        _ = try await session.rows(
            """
            SELECT set_config('queue.simulated_now',
                              (statement_timestamp() + \(days)::bigint * interval '1 day')::text, false)
            """
        )
        let claimant = Claimant(name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: .seconds(60))
        let claims = try await JobQueue.claim(ClaimRequest(claimant: claimant, limit: 9), in: session).claims
        let settlements = claims.map { Settlement(fence: $0.fence, verdict: .done) }
        _ = try await JobQueue.settle(settlements, in: session)
        await session.close()
        return id
    }

    @Test("finished jobs lie in the partition of their day, dead ones in their own")
    func partitions() async throws {
        _ = try await finish(.done)
        _ = try await finish(.dead(reason: "why"))
        #expect(try await pool.count("SELECT count(*) FROM queue.history_dead") == 1)
        #expect(try await pool.count("SELECT count(*) FROM queue.history_other") == 0)
        #expect(try await pool.count("SELECT count(*) FROM queue.history_finished") == 1)
    }

    @Test("a day that is over for longer than the retention is dropped, and the dead stay")
    func retention() async throws {
        let dead = try await finish(.dead(reason: "kept longer"))
        let done = try await finish(.done)
        #expect(try await tend(.seconds(86_400)).isEmpty)
        #expect(try await pool.end(done) == "done")
        let dropped = try await tend(.seconds(-3 * 86_400))
        #expect(dropped.count == 4, "yesterday, today, and the two days to come")
        #expect(dropped == dropped.sorted() && dropped.allSatisfy { $0.hasPrefix("dropped history_") })
        #expect(try await pool.end(done) == nil)
        #expect(try await pool.end(dead) == "dead: kept longer")
    }

    @Test("a job finished on a day without a partition is kept, and moved when its day gets one")
    func other() async throws {
        let id = try await finish(inDays: 9)
        #expect(try await pool.count("SELECT count(*) FROM queue.history_other") == 1)

        let session = try await Session.connect(FreshDatabase.current.configuration)
        _ = try await session.rows(
            "SELECT set_config('queue.simulated_now', (statement_timestamp() + interval '8 days')::text, false)"
        )
        for _ in 1...4 { #expect(try await JobQueue.tendHistory(Retention(), in: session)?.hasPrefix("made") == true) }
        await session.close()
        #expect(try await pool.count("SELECT count(*) FROM queue.history_other") == 0)
        #expect(try await pool.end(id) == "done")
    }

    @Test("a day that somebody reads is dropped the next time, and nobody waits")
    func readers() async throws {
        let done = try await finish(.done)
        try await pool.withSession { [pool] reader in
            try await reader.script(unchecked: "BEGIN")
            _ = try await reader.rows("SELECT FROM queue.history")
            let change = try await pool.withSession { session in
                try await JobQueue.tendHistory(Retention(finished: .seconds(-3 * 86_400)), in: session)
            }
            #expect(change == nil)
            try await reader.script(unchecked: "ROLLBACK")
        }
        #expect(try await pool.end(done) == "done")
        #expect(try await tend(.seconds(-3 * 86_400)).count == 4)
    }

    @Test("one change of history is committed, and its lock gone, before the next begins")
    func oneAtATime() async throws {
        try await pool.transaction { session in
            _ = try JobQueue.tendHistory(Retention(finished: .seconds(-3 * 86_400)), in: session)
            let left = try session.rows(
                "SELECT count(*) FROM pg_inherits WHERE inhparent = 'queue.history_finished'::regclass"
            )
            #expect(try left[0].decode(0, as: Int.self) == 4, "three days, and what no day was made for")
        }
    }

    @Test("a job whose day never got a partition is forgotten by its age")
    func otherForgotten() async throws {
        let id = try await finish(inDays: -30)
        _ = try await tend(.seconds(7 * 86_400))
        #expect(try await pool.end(id) == "done")
        let pruned = try await pool.withSession { session in try await JobQueue.prune(Retention(), in: session) }
        #expect(pruned == 1)
        #expect(try await pool.end(id) == nil)
    }

    @Test("the dead and the reasons of failures are forgotten by their own age")
    func prune() async throws {
        _ = try await finish(.dead(reason: "why"))
        let prune: @Sendable (Duration) async throws -> Int = { [pool] dead in
            try await pool.withSession { session in try await JobQueue.prune(Retention(dead: dead), in: session) }
        }
        #expect(try await prune(.seconds(60)) == 0)
        #expect(try await prune(.seconds(-60)) == 2, "the dead job and its failure")
    }
}
