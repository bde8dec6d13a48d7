import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// What is true of each job by itself, although one row says of all jobs of a claim who has them.
@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct SharedLeaseTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    private func enqueue(_ count: Int, maxAttempts: Int = 25) async throws -> [Int64] {
        try await pool.enqueue((0..<count).map { try Job(Scripted.self, "\($0)", maxAttempts: maxAttempts) })
    }

    private func leaseCount() async throws -> Int { try await pool.count("SELECT count(*) FROM queue.lease") }

    @Test("a claim is one lease, and changes no job")
    func one() async throws {
        _ = try await enqueue(20)
        let versions: Statement = "SELECT string_agg(ctid || ' ' || xmin, ' ' ORDER BY job_id) FROM queue.job"
        let before = try await pool.rows(versions).first?.decode(0, as: String.self)
        let claims = try await pool.claim(9)
        #expect(Set(claims.map(\.leaseEpoch)).count == 1)
        #expect(try await leaseCount() == 1)
        #expect(try await pool.rows(versions).first?.decode(0, as: String.self) == before)
        #expect(try await pool.count("SELECT count(*) FROM queue.job_now WHERE state = 'running'") == 9)
    }

    @Test("of one claim each job goes its own way, and what comes back is free while the others run")
    func ownWays() async throws {
        let ids = try await enqueue(5)
        let claims = try await pool.claim(5)
        let verdicts: [Settlement.Verdict] = [.retry(after: .zero, reason: "no"), .handedBack, .done, .snoozed(.zero)]
        for (claim, verdict) in zip(claims, verdicts) { try await pool.settle(claim, verdict) }
        let again = try await pool.claim(9)
        #expect(Set(again.map(\.jobID)) == [ids[0], ids[1], ids[3]])
        #expect(again.map(\.attempt).sorted() == [1, 1, 2])
        #expect(try await pool.row(ids[4]) == "running 1 \(claims[4].leaseEpoch) somebody")
        for late in claims.prefix(2) {
            #expect(try await pool.settle(late.fence, .done).isEmpty, "its lease is there, but holds this job no more")
            let holder = try #require(again.first { $0.jobID == late.jobID })
            #expect(try await pool.settle(holder.fence, .done) == [holder.fence])
        }
    }

    @Test("of many that are done together, those that were lost meanwhile are stale and the others are history")
    func manyDone() async throws {
        let ids = try await enqueue(100)
        let (first, second) = (try await pool.claim(50, as: "one"), try await pool.claim(50, as: "two", lease: .zero))
        _ = try await pool.transaction { session in try JobQueue.cancel([ids[3]], in: session) }
        try await pool.settle(first[4], .handedBack)
        let again = try #require(try await pool.claim(1).first)
        #expect(again.jobID == ids[4])
        #expect(try await pool.rescue().count == 50, "the whole of the second")
        let after = try Job(Scripted.self, "next").after([ids[5]])
        _ = try await pool.enqueue([after])

        let done = (first + second + [again]).map { Settlement($0, .done) }
        let settled = try await pool.withSession { session in try await JobQueue.settle(done, in: session) }
        #expect(settled.stale == Set([first[3].fence, first[4].fence] + second.map(\.fence)))
        #expect(settled.awaited == [ids[5]])
        let history = try await pool.rows(
            """
            SELECT worker_name, count(*), count(DISTINCT lease_epoch), bool_and(started_at <= finished_at) AS ran,
                   min(attempt_count), max(attempt_count)
              FROM queue.history WHERE outcome = 'done' GROUP BY worker_name ORDER BY worker_name
            """
        ).map { row in
            try (0..<6).map { try row.decode($0, as: String?.self) ?? "" }.joined(separator: " ")
        }
        #expect(history == ["one 48 1 t 1 1", "somebody 1 1 t 1 1"])
        #expect(try await pool.count("SELECT count(*) FROM queue.job WHERE state = 'available'") == 50)
    }

    @Test("many that are done together under a lease that is gone are stale, and run again", arguments: [1, 40])
    func goneLease(count: Int) async throws {
        let ids = try await enqueue(count)
        let done = try await pool.claim(count).map { Settlement($0, .done) }
        _ = try await pool.execute("DELETE FROM queue.lease")
        let settled = try await pool.withSession { session in try await JobQueue.settle(done, in: session) }
        #expect(settled.stale == Set(done.map(\.fence)))
        #expect(try await pool.claim(count).map(\.jobID) == ids)
    }

    @Test("a dead job that is redriven is not held by the lease it died under, whose other jobs still run")
    func redriven() async throws {
        let ids = try await enqueue(2)
        let claims = try await pool.claim(2)
        try await pool.settle(claims[0], .dead(reason: "no"))
        _ = try await pool.transaction { session in try JobQueue.redrive(DeadJobs(), in: session) }
        #expect(try await pool.settle(claims[0].fence, .done).isEmpty)
        #expect(try await pool.claim(9).map(\.jobID) == [ids[0]])
    }

    @Test("a job that is cancelled under a lease is not rescued with the others, and history says who had it")
    func cancelled() async throws {
        let ids = try await enqueue(3)
        let claims = try await pool.claim(3, as: "gone", lease: .zero)
        try await pool.settle(claims[1], .done)
        _ = try await pool.transaction { session in try JobQueue.cancel([ids[0]], in: session) }
        #expect(try await pool.rescue() == [ids[2]])
        #expect(try await leaseCount() == 0)
        let had = try await pool.rows(
            "SELECT worker_name || ' ' || attempt_count FROM queue.history WHERE job_id = \(ids[0])"
        )
        #expect(try had.map { try $0.decode(0, as: String.self) } == ["gone 1"])
    }

    @Test("a lost lease of more jobs than are rescued at a time is there until all of them are")
    func large() async throws {
        let ids = try await enqueue(JobQueue.rescueLimit + 3)
        _ = try await pool.claim(ids.count, lease: .zero)
        let first = try await pool.rescue()
        #expect(first.count == JobQueue.rescueLimit)
        #expect(try await leaseCount() == 1)
        let second = try await pool.rescue()
        #expect((first + second).sorted() == ids)
        #expect(try await leaseCount() == 0)
    }

    @Test("a rescuer passes over a job that somebody has locked, and comes back for it")
    func lockedJob() async throws {
        let ids = try await enqueue(2)
        _ = try await pool.claim(2, lease: .zero)
        try await pool.withSession { [pool] holder in
            try await holder.script(unchecked: "BEGIN")
            _ = try await holder.rows("SELECT FROM queue.job WHERE job_id = \(ids[0]) FOR UPDATE")
            #expect(try await pool.rescue() == [ids[1]])
            try await holder.script(unchecked: "ROLLBACK")
        }
        #expect(try await pool.rescue() == [ids[0]])
        #expect(try await leaseCount() == 0)
    }

    @Test("a lease is not rescued while one of its jobs is being completed; who completes after the rescue is late")
    func completing() async throws {
        let ids = try await enqueue(2)
        let claims = try await pool.claim(2, lease: .zero)
        try await pool.withSession { [pool] completing in
            try await completing.script(unchecked: "BEGIN")
            #expect(try await JobQueue.settle([Settlement(claims[0], .done)], in: completing).stale.isEmpty)
            #expect(try await pool.rescue().isEmpty)
            try await completing.script(unchecked: "COMMIT")
        }
        #expect(try await pool.rescue() == [ids[1]])
        #expect(try await pool.settle(claims[1].fence, .done).isEmpty)
    }

    @Test("a worker forgets each lease with the last of its jobs, however that ended")
    func forgotten() async throws {
        _ = try await enqueue(40)
        let events = Mailbox(of: WorkerEvent.self)
        let handler = Scripted { [pool] payload, context in
            switch (Int(payload) ?? 0) % 4 {
            case 0: try await context.complete(in: pool) { session in _ = try session.execute("SELECT 1") }
            case 1 where context.attempt == 1: throw Trouble(description: "once")
            case 2: return .discard(reason: "unwanted")
            default: break
            }
            return .done
        }
        let worker = Worker(name: "w", pool: pool, concurrency: 7, handlers: [handler], pollInterval: .milliseconds(5))
            .observed { events.put($0) }
        try await withWorkers([worker]) { try await events.ended(50) }
        #expect(try await pool.count("SELECT count(*) FROM queue.job") == 0)
        #expect(try await leaseCount() == 0)
    }
}
