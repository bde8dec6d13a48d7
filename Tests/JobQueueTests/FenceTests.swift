import Dispatch
import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct FenceTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    /// A job that one worker let lapse and another one holds now.
    private func lapsed() async throws -> (late: Claim, holder: Claim) {
        let id = try await pool.enqueue("contested")
        let late = try #require(try await pool.claim(1, as: "late", lease: .zero).first)
        #expect(try await pool.rescue() == [id])
        let holder = try #require(try await pool.claim(1, as: "holder").first)
        #expect(holder.jobID == late.jobID && holder.leaseEpoch > late.leaseEpoch)
        return (late, holder)
    }

    @Test(
        "whatever a late worker says changes nothing",
        arguments: [
            .done, .discarded(reason: "late"), .dead(reason: "late"), .retry(after: .zero, reason: "late"),
            .snoozed(.seconds(9)), .handedBack, .postponed(.seconds(9)),
        ] as [Settlement.Verdict]
    )
    func lateVerdict(_ verdict: Settlement.Verdict) async throws {
        let (late, holder) = try await lapsed()
        let before = try await pool.row(holder.jobID)
        let failures = try await pool.failures(holder.jobID)

        #expect(try await pool.settle(late.fence, verdict).isEmpty)

        #expect(try await pool.row(holder.jobID) == before)
        #expect(try await pool.failures(holder.jobID) == failures)
        #expect(try await pool.end(holder.jobID) == nil)
        #expect(try await pool.settle(holder.fence, .done) == [holder.fence])
        #expect(try await pool.end(holder.jobID) == "done")
    }

    @Test("a late heartbeat prolongs nothing and says which leases still hold")
    func lateHeartbeat() async throws {
        let (late, holder) = try await lapsed()
        let beat: @Sendable ([Fence]) async throws -> Set<Fence> = { [pool] fences in
            try await pool.withSession { session in
                try await JobQueue.heartbeat(fences.map { ($0, nil) }, leaseDuration: .seconds(3_600), in: session)
            }
        }
        let prolonged: Statement =
            "SELECT count(*) FROM queue.lease WHERE lease_until > statement_timestamp() + interval '30 min'"
        #expect(try await beat([late.fence]).isEmpty)
        #expect(try await pool.count(prolonged) == 0)
        #expect(try await beat([late.fence, holder.fence]) == [holder.fence])
        #expect(try await pool.count(prolonged) == 1)
    }

    @Test("a heartbeat passes over a lease that somebody has locked: it still holds, and the others are prolonged")
    func lockedHeartbeat() async throws {
        _ = try await pool.enqueue([try Job(Scripted.self, "locked"), try Job(Scripted.self, "free")])
        let claims = [try await pool.claim(1)[0], try await pool.claim(1)[0]]
        let fences = claims.map(\.fence)
        var configuration = FreshDatabase.current.configuration
        configuration.statementTimeout = .seconds(1)
        let hasty = try await Session.connect(configuration)
        try await pool.withSession { [pool] holder in
            try await holder.script(unchecked: "BEGIN")
            _ = try await holder.rows(
                "SELECT FROM queue.lease WHERE lease_epoch = \(fences[0].leaseEpoch) FOR UPDATE")
            _ = try await holder.rows("SELECT FROM queue.job WHERE job_id = \(fences[1].jobID) FOR UPDATE")
            let alive = try await JobQueue.heartbeat(
                fences.map { ($0, Progress(share: 0.5)) }, leaseDuration: .seconds(3_600), in: hasty)
            #expect(alive == Set(fences))
            let prolonged = try await pool.rows(
                "SELECT job_id FROM queue.leased WHERE lease_until > statement_timestamp() + interval '30 min'"
            ).map { try $0.decode("job_id", as: Int64.self) }
            #expect(prolonged == [fences[1].jobID])
            try await holder.script(unchecked: "ROLLBACK")
        }
        await hasty.close()
    }

    @Test("a job is settled once, however often that is said")
    func once() async throws {
        let id = try await pool.enqueue("once")
        let claim = try #require(try await pool.claim(1).first)
        #expect(try await pool.settle(claim.fence, .done) == [claim.fence])
        #expect(try await pool.settle(claim.fence, .dead(reason: "no")).isEmpty)
        #expect(try await pool.end(id) == "done")
    }

    @Test("writes and completion commit together")
    func transactionalCompletion() async throws {
        _ = try await pool.execute("CREATE TABLE effect (job_id bigint PRIMARY KEY, lease_epoch bigint)")
        let id = try await pool.enqueue("effective", uniqueKey: "chain")
        let lease = Lease(try #require(try await pool.claim(1).first), duration: .seconds(60))
        let context = JobContext(lease)
        let next = try Job(Scripted.self, "successor", uniqueKey: "chain")

        await #expect(throws: Trouble.self) {
            try await context.complete(in: pool) { session in
                _ = try session.execute("INSERT INTO effect (job_id) VALUES (\(id))")
                throw Trouble(description: "half-way")
            }
        }
        #expect(try await pool.count("SELECT count(*) FROM effect") == 0)
        #expect(try await pool.end(id) == nil)

        let successors = try await context.complete(in: pool) { session in
            _ = try session.execute("INSERT INTO effect VALUES (\(context.jobID), \(context.leaseEpoch))")
            return try JobQueue.enqueue([next], in: session)
        }
        #expect(successors.count == 1, "the key is free within the completing transaction")
        #expect(try await pool.count("SELECT count(*) FROM effect") == 1)
        #expect(try await pool.end(id) == "done")
        let ending = lease.standing { $0.handlerEnded() }
        #expect(ending == .completed)
    }

    @Test("a late transactional completion writes nothing and throws stale")
    func lateTransactionalCompletion() async throws {
        _ = try await pool.execute("CREATE TABLE effect (job_id bigint PRIMARY KEY)")
        let (late, holder) = try await lapsed()
        await #expect(throws: JobError.stale) {
            try await JobContext(Lease(late, duration: .seconds(60))).complete(in: pool) { session in
                _ = try session.execute("INSERT INTO effect VALUES (\(late.jobID))")
            }
        }
        #expect(try await pool.count("SELECT count(*) FROM effect") == 0)
        #expect(try await pool.row(holder.jobID) == "running 2 \(holder.leaseEpoch) holder")
    }

    @Test("a worker that is frozen within its transactional completion loses the job when its lease is over")
    func frozenCompletion() async throws {
        let id = try await pool.enqueue("frozen")
        let lease = Lease(try #require(try await pool.claim(1, lease: .zero).first), duration: .milliseconds(50))
        let (begun, thaw) = (Mailbox(of: Void.self), DispatchSemaphore(value: 0))
        let completing = Task { [pool] in
            try await JobContext(lease).complete(in: pool) { session in
                begun.put(())
                thaw.wait()
                try session.execute("SELECT 1")
            }
        }
        try await begun.next()
        // Its row is locked until the server has ended its transaction.
        var returned: [Int64] = []
        while returned.isEmpty { returned = try await pool.rescue() }
        #expect(returned == [id])
        thaw.signal()
        await #expect(throws: JobError.stale) { try await completing.value }
        #expect(try await pool.row(id) == "available 1 - -")
    }
}
