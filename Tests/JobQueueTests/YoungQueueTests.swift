import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// Statements whose plans were made while there were no jobs, and PostgreSQL knew that: the usual state of a queue at rest. It goes
/// by these plans until the table is analysed again, a minute or so after the work has come.
@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct YoungQueueTests {
    /// What is done to some jobs while many wait.
    enum Act: String, CaseIterable {
        case enqueueing, enqueueingUnique, enqueueingAfter, unblocking
        case completing, settling, beating, rescuing
        case cancelling, cancellingByKey, hastening, redriving, showing, limiting

        /// Of which no more may be read than it is about. Statements that ask which jobs are held read all leases.
        var tables: [String] {
            switch self {
            case .completing, .settling, .beating, .rescuing: ["job", "lease"]
            case .enqueueingAfter, .unblocking, .cancelling, .cancellingByKey: ["job", "dependency"]
            case .enqueueing, .enqueueingUnique, .hastening, .redriving, .showing, .limiting: ["job"]
            }
        }
    }

    private static let waiting = 5_000

    @Test("some jobs are found without reading all that wait", arguments: Act.allCases)
    func reads(act: Act) async throws {
        let ground = try await Young()
        // So often that the server does not plan anew any more.
        for _ in 0..<8 {
            _ = try await ground.rowsRead(by: act, of: 5)
            try await ground.clear()
        }
        try await ground.fill(Self.waiting)
        if act.tables.contains("lease") { try await ground.fillLeases(Self.waiting) }
        let count = 20
        let rows = try await ground.rowsRead(by: act, of: count)
        #expect(rows <= 20 * count, "\(rows) rows were read for \(count) jobs")
    }
}

/// A queue at rest, and one session in which plans grow old.
private struct Young {
    let pool: Pool
    let session: Session

    init() async throws {
        pool = try await queuePool()
        session = try await Session.connect(FreshDatabase.current.configuration)
        for table in ["job", "lease", "dependency"] as [Statement] {
            try await session.execute("VACUUM ANALYZE queue.\(statement: table)")
        }
    }

    func fill(_ count: Int) async throws {
        // Tenants' jobs have one more index in which they could be looked for.
        let job = try Job(Scripted.self, "one of many", tenant: "somebody")
        let ids = try await pool.enqueue(Array(repeating: job, count: count))
        _ = try await pool.enqueue(Array(repeating: job.after([ids[0]]), count: count))
    }

    /// Leases of other queues.
    func fillLeases(_ count: Int) async throws {
        try await pool.execute(
            """
            INSERT INTO queue.lease (lease_epoch, queue, beat, worker_name, started_at, lease_until, job_ids, revisions)
            SELECT nextval('queue.lease_epoch'), 'other', 1, 'w', now(), now() + interval '1 h', ARRAY[0], ARRAY[0]
              FROM generate_series(1, \(count)::bigint)
            """
        )
    }

    func clear() async throws {
        for table in ["job", "lease", "dependency"] as [Statement] {
            try await session.execute("DELETE FROM queue.\(statement: table)")
        }
    }

    /// How many rows of the queue `act` on `count` of them has met.
    func rowsRead(by act: YoungQueueTests.Act, of count: Int) async throws -> Int {
        let job = try Job(Scripted.self, "some", tenant: "somebody")
        let keyed = try (0..<count).map { try Job(Scripted.self, "some", uniqueKey: "\($0)") }
        switch act {
        case .enqueueing:
            return try await rowsRead(by: act) { try JobQueue.enqueue(Array(repeating: job, count: count), in: $0) }
        case .enqueueingUnique:
            return try await rowsRead(by: act) { try JobQueue.enqueue(keyed, in: $0) }
        case .enqueueingAfter:
            let ids = try await pool.enqueue(keyed)
            return try await rowsRead(by: act) { try JobQueue.enqueue([job.after(ids)], in: $0) }
        case .completing:
            let done = try await claim(count).map { Settlement($0, .done) }
            return try await rowsRead(by: act) { try JobQueue.settle(done, in: $0) }
        case .settling:
            let verdicts: [Settlement.Verdict] = [
                .done, .dead(reason: "why"), .retry(after: .zero, reason: "why"), .snoozed(.seconds(9)), .handedBack,
            ]
            let settlements = try await zip(0..., claim(count)).map { Settlement($1, verdicts[$0 % verdicts.count]) }
            return try await rowsRead(by: act) { try JobQueue.settle(settlements, patience: .seconds(1), in: $0) }
        case .beating:
            let beats = try await claim(count).map { (fence: $0.fence, progress: Progress?.some(Progress(share: 0.5))) }
            return try await rowsRead(by: act) { try JobQueue.heartbeat(beats, leaseDuration: .seconds(60), in: $0) }
        case .rescuing:
            _ = try await claim(count, lease: .zero)
            return try await rowsRead(by: act) { try JobQueue.rescue(in: ["default"], session: $0) }
        case .cancelling:
            let ids = try await pool.enqueue(keyed)
            return try await rowsRead(by: act) { try JobQueue.cancel(ids, in: $0) }
        case .cancellingByKey:
            _ = try await pool.enqueue(keyed)
            return try await rowsRead(by: act) {
                try JobQueue.cancel(uniqueKeys: keyed.compactMap(\.uniqueness?.key), in: $0)
            }
        case .hastening:
            _ = try await pool.enqueue(keyed)
            return try await rowsRead(by: act) {
                try JobQueue.hasten(uniqueKeys: keyed.compactMap(\.uniqueness?.key), in: $0)
            }
        case .unblocking:
            let ids = try await pool.enqueue(keyed)
            for id in ids { _ = try await pool.enqueue([job.after([id]), job.after([id], when: .ended)]) }
            _ = try await pool.transaction { session in try JobQueue.cancel(ids, in: session) }
            return try await rowsRead(by: act) { try JobQueue.unblockAll(after: ids, in: $0) }
        case .redriving:
            let dead = try await claim(count).map { Settlement($0, .dead(reason: "why")) }
            _ = try await pool.withSession { session in try await JobQueue.settle(dead, in: session) }
            let which = DeadJobs(jobIDs: dead.map(\.fence.jobID))
            return try await rowsRead(by: act) { try JobQueue.redrive(which, in: $0) }
        case .showing:
            let ids = try await pool.enqueue(keyed)
            return try await rowsRead(by: act) { session in try ids.map { try JobQueue.show($0, in: session) } }
        case .limiting:
            _ = try await claim(count)
            try await pool.execute(
                """
                INSERT INTO queue.throttle (scope, name, running_limit) VALUES ('kind', 'scripted', 1000)
                ON CONFLICT DO NOTHING
                """
            )
            let request = ClaimRequest(claimant: claimant(), limit: count)
            return try await rowsRead(by: act) {
                try JobQueue.lockedRooms(within: Throttled(kinds: ["scripted"]), for: request, in: $0)
            }
        }
    }

    private func claimant(lease: Duration = .seconds(60)) -> Claimant {
        Claimant(name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: lease)
    }

    private func claim(_ count: Int, lease: Duration = .seconds(60)) async throws -> [Claim] {
        let jobs = try (0..<count).map { try Job(Scripted.self, "\($0)", priority: 4) }
        _ = try await pool.enqueue(jobs)
        return try await pool.claim(count, for: claimant(lease: lease))
    }

    private func rowsRead<Value: Sendable>(
        by act: YoungQueueTests.Act,
        _ body: @escaping @Sendable (isolated Session) throws -> Value
    ) async throws -> Int {
        let read: Statement = """
            SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_xact_user_tables
             WHERE schemaname = 'queue' AND relname = ANY(\(act.tables)::text[])
            """
        return try await session.transaction { session in
            let before = try session.rows(read)[0].decode(0, as: Int.self)
            _ = try body(session)
            return try session.rows(read)[0].decode(0, as: Int.self) - before
        }
    }
}
