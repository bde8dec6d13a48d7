import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// Statements whose plans were made while there were no jobs, and PostgreSQL knew that: the usual state of a queue at rest. It goes
/// by them until the table is analysed again, a minute or so after the work has come.
@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct YoungQueueTests {
    private static let waiting = 60_000
    private static let held = 1_000

    private let claimant = Claimant(
        name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: .seconds(600)
    )

    /// Statements that read all that waits for each job take ten seconds and more.
    private func session() async throws -> Session {
        var configuration = FreshDatabase.current.configuration
        configuration.statementTimeout = .seconds(3)
        let session = try await Session.connect(configuration)
        try await session.execute("VACUUM ANALYZE queue.job")
        try await session.execute("VACUUM ANALYZE queue.lease")
        return session
    }

    /// So often that the server does not plan anew any more.
    private func rehearse(_ statements: () async throws -> Void) async throws {
        for _ in 0..<8 { try await statements() }
    }

    private func fill(_ pool: Pool, _ count: Int = waiting, maxAttempts: Int = 25) async throws {
        let job = try Job(Scripted.self, "one of many", maxAttempts: maxAttempts)
        _ = try await pool.enqueue(Array(repeating: job, count: count))
    }

    private func claim(_ lease: Duration = .seconds(600), in session: Session) async throws -> [Claim] {
        let claimant = Claimant(name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: lease)
        return try await JobQueue.claim(ClaimRequest(claimant: claimant, limit: Self.held), in: session).claims
    }

    private func settle(_ claims: [Claim], in session: Session) async throws -> Settled {
        let settlements = zip(0..., claims).map { place, claim in
            let verdicts: [Settlement.Verdict] = [
                .done, .dead(reason: "why"), .retry(after: .zero, reason: "why"), .snoozed(.seconds(9)), .handedBack,
            ]
            return Settlement(claim, verdicts[place % verdicts.count])
        }
        return try await JobQueue.settle(settlements, patience: .seconds(1), in: session)
    }

    @Test("verdicts and heartbeats do not read all that waits")
    func settles() async throws {
        let pool = try await queuePool()
        let session = try await session()
        let beat: @Sendable ([Claim]) async throws -> Set<Fence> = { claims in
            let beats = claims.map { (fence: $0.fence, progress: Progress?.some(Progress(share: 0.5))) }
            return try await JobQueue.heartbeat(beats, leaseDuration: .seconds(600), in: session)
        }
        try await rehearse {
            try await fill(pool, 5)
            let claims = try await claim(in: session)
            let (alive, settled) = (try await beat(claims), try await settle(claims, in: session))
            #expect(alive.count == 5 && settled.stale.isEmpty)
            try await session.execute("DELETE FROM queue.job")
        }
        try await fill(pool)
        let claims = try await claim(in: session)
        #expect(try await beat(claims).count == Self.held)
        #expect(try await settle(claims, in: session).stale.isEmpty)
        await session.close()
    }

    @Test("rescue does not read all that waits", arguments: [1, 25])
    func rescues(maxAttempts: Int) async throws {
        let pool = try await queuePool()
        let session = try await session()
        let rescue: @Sendable () async throws -> Rescue = {
            try await JobQueue.rescue(in: ["default"], session: session)
        }
        try await rehearse {
            let nothing = try await rescue()
            #expect(nothing == Rescue())
        }
        try await fill(pool, maxAttempts: maxAttempts)
        _ = try await claim(.zero, in: session)
        let first = try await rescue()
        #expect(first.returned.count + first.dead.count == JobQueue.rescueLimit)
        await session.close()
    }

    @Test("unblocking does not read all that waits")
    func unblocks() async throws {
        let pool = try await queuePool()
        let session = try await session()
        let unblock: @Sendable () async throws -> Void = {
            while try await JobQueue.unblock(in: session).changed > 0 {}
        }
        try await rehearse {
            let ids = try await pool.enqueue([try Job(Scripted.self, "first")])
            _ = try await pool.enqueue([try Job(Scripted.self, "then").after(ids)])
            _ = try await session.transaction { session in try JobQueue.cancel(ids, in: session) }
            try await unblock()
            try await session.execute("DELETE FROM queue.job")
        }
        try await fill(pool)
        let ids = try await pool.enqueue([try Job(Scripted.self, "first"), try Job(Scripted.self, "first")])
        for after in ids {
            _ = try await pool.enqueue(
                Array(repeating: try Job(Scripted.self, "then").after([after], when: .ended), count: 400)
                    + Array(repeating: try Job(Scripted.self, "then").after([after]), count: 400))
        }
        _ = try await session.transaction { session in try JobQueue.cancel(ids, in: session) }
        try await unblock()
        #expect(try await pool.count("SELECT count(*) FROM queue.job WHERE state = 'blocked'") == 0)
        await session.close()
    }
}
