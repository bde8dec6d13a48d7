import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct RedriveTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    private func redrive(_ which: DeadJobs, limit: Int = 1_000) async throws -> Redrive {
        try await pool.operate { try JobQueue.redrive(which, limit: limit, in: $0) }
    }

    @Test("a redriven job is the same job with fresh attempts, and its failures are remembered")
    func sameJob() async throws {
        let id = try await pool.bury("payload", uniqueKey: "key", reason: "no route")
        #expect(try await redrive(DeadJobs(jobIDs: [id])) == Redrive(redriven: [id], keyTaken: []))
        #expect(try await pool.end(id) == nil)

        let claim = try await pool.claimOne()
        #expect(claim.jobID == id && claim.payload == "\"payload\"" && claim.attempt == 1)
        #expect(try await pool.failures(id) == ["no route"])
        _ = try await pool.settle(claim.fence, .dead(reason: "still none"))
        #expect(try await pool.failures(id) == ["no route", "still none"])
        #expect(try await redrive(DeadJobs()) == Redrive(redriven: [id], keyTaken: []))
    }

    @Test("redriven jobs can run at once, those of a tenant one behind the other in the order they had")
    func turns() async throws {
        let jobs = try (0..<3).map { try Job(Scripted.self, "\($0)", maxAttempts: 1, tenant: "somebody") }
        let ids = try await pool.enqueue(jobs)
        for claim in try await pool.claim(3) { try await pool.settle(claim, .dead(reason: "why")) }
        _ = try await pool.enqueue([try Job(Scripted.self, "waiting", tenant: "somebody")])
        #expect(try await redrive(DeadJobs()).redriven == ids)
        // Without looking first for what has become due, as the claims of a busy worker do.
        let claimant = Claimant(name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: .seconds(60))
        let request = ClaimRequest(claimant: claimant, limit: 9, promotes: false)
        let claims = try await pool.withSession { session in try await JobQueue.claim(request, in: session) }.claims
        #expect(claims.map(\.payload) == ["\"waiting\"", "\"0\"", "\"1\"", "\"2\""])
    }

    @Test("one whose unique key an unfinished job has stays dead and is reported")
    func keyTaken() async throws {
        let first = try await pool.bury("a", uniqueKey: "key")
        let second = try await pool.bury("b", uniqueKey: "key")
        let other = try await pool.bury("c")
        #expect(try await redrive(DeadJobs()) == Redrive(redriven: [first, other], keyTaken: [second]))
        #expect(try await redrive(DeadJobs()) == Redrive(redriven: [], keyTaken: [second]))
        #expect(try await pool.end(second) == "dead: broken")
    }

    @Test("queue, kind and time choose which, and the limit how many at a time, oldest first")
    func chosen() async throws {
        var ids: [Int64] = []
        for queue in ["a", "b", "a", "a"] { ids.append(try await pool.bury("x", queue: queue)) }
        let moment = try await pool.rows("SELECT finished_at FROM queue.history WHERE job_id = \(ids[2])")
        let since = try #require(try moment.first?.decode("finished_at", as: Instant.self))

        #expect(try await redrive(DeadJobs(kind: "another")).redriven.isEmpty)
        #expect(try await redrive(DeadJobs(queue: "a", since: since), limit: 1).redriven == [ids[2]])
        #expect(try await redrive(DeadJobs(kind: Scripted.kind, since: since)).redriven == [ids[3]])
        #expect(try await redrive(DeadJobs(queue: "a")).redriven == [ids[0]])
        #expect(try await redrive(DeadJobs()).redriven == [ids[1]])
    }

    @Test("who finishes a redriven job still looks after those that wait for it")
    func awaited() async throws {
        let id = try await pool.enqueue("first")
        _ = try await pool.enqueue([try Job(Scripted.self, "then").after([id])])
        _ = try await pool.settle(try await pool.claimOne().fence, .dead(reason: "broken"))
        #expect(try await redrive(DeadJobs()).redriven == [id])
        let done = Settlement(fence: try await pool.claimOne().fence, verdict: .done)
        let settled = try await pool.withSession { session in try await JobQueue.settle([done], in: session) }
        #expect(settled.awaited == [id])
    }

    @Test("only the dead work again: what is done, cancelled or unknown is left alone")
    func onlyDead() async throws {
        let done = try await pool.enqueue("done")
        _ = try await pool.settle(try await pool.claimOne().fence, .done)
        let cancelled = try await pool.enqueue("cancelled")
        _ = try await pool.operate { try JobQueue.cancel([cancelled], in: $0) }
        #expect(try await redrive(DeadJobs(jobIDs: [done, cancelled, 424_242])) == Redrive(redriven: [], keyTaken: []))
        await #expect(throws: InvalidValue(field: "limit", limit: "1 to 10000", found: "0")) {
            try await redrive(DeadJobs(), limit: 0)
        }
    }
}
