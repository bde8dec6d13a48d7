import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct DependencyTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    private func finish(_ verdict: Settlement.Verdict = .done) async throws -> Settled {
        let claim = try #require(try await pool.claim(1).first)
        let settlement = Settlement(fence: claim.fence, verdict: verdict)
        return try await pool.withSession { session in try await JobQueue.settle([settlement], in: session) }
    }

    private func unblock() async throws -> Int {
        try await pool.withSession { session in try await JobQueue.unblock(in: session) }.changed
    }

    @Test("a job runs after all those it waits for, and not before")
    func afterAll() async throws {
        let first = try await pool.enqueue([try Job(Scripted.self, "1"), try Job(Scripted.self, "2")])
        let then = try await pool.enqueue([try Job(Scripted.self, "then").after(first)])
        #expect(try await finish().awaited == [first[0]])
        #expect(try await unblock() == 0)
        #expect(try await pool.row(then[0]) == "blocked 0 - -")
        #expect(try await finish().awaited == [first[1]])
        #expect(try await unblock() == 1)
        #expect(try await pool.claim(9).map(\.jobID) == then)
        #expect(try await pool.count("SELECT count(*) FROM queue.dependency") == 0)
    }

    @Test(
        "a step back runs only after a failure, the next step only after a success, and a clean-up in any case",
        arguments: [Settlement.Verdict.done, .dead(reason: "no"), .discarded(reason: "no")]
    )
    func saga(_ verdict: Settlement.Verdict) async throws {
        let step = try await pool.enqueue("step")
        let ids = try await pool.enqueue([
            try Job(Scripted.self, "next").after([step]),
            try Job(Scripted.self, "back").after([step], when: .failed),
            try Job(Scripted.self, "clean").after([step], when: .ended),
        ])
        _ = try await finish(verdict)
        #expect(try await unblock() == 3)
        let runs = verdict == .done ? [ids[0], ids[2]] : [ids[1], ids[2]]
        #expect(try await pool.claim(9).map(\.jobID) == runs)
        let vain = verdict == .done ? ids[1] : ids[0]
        #expect(try await pool.end(vain) == "cancelled: job \(step) ended as \(verdict.word)")
    }

    @Test("what waits for a job that is cancelled in vain is cancelled too, to the end of the chain")
    func chain() async throws {
        let first = try await pool.enqueue("first")
        let second = try await pool.enqueue([try Job(Scripted.self, "second").after([first])])
        let third = try await pool.enqueue([try Job(Scripted.self, "third").after(second)])
        _ = try await finish(.dead(reason: "no"))
        #expect(try await unblock() == 1)
        #expect(try await unblock() == 1)
        #expect(try await pool.end(third[0]) == "cancelled: job \(second[0]) ended as cancelled")
    }

    @Test("who waits for the success of a job that somebody cancels waits in vain")
    func cancelledByHand() async throws {
        let first = try await pool.enqueue("first")
        let second = try await pool.enqueue([try Job(Scripted.self, "second").after([first])])
        let instead = try await pool.enqueue([try Job(Scripted.self, "instead").after([first], when: .failed)])
        #expect(try await pool.transaction { session in try JobQueue.cancel([first], in: session) } == 1)
        #expect(try await unblock() == 2)
        #expect(try await pool.end(second[0]) == "cancelled: job \(first) ended as cancelled")
        #expect(try await pool.row(instead[0]) == "available 0 - -")
    }

    @Test("what somebody's own statements left of dependencies hides nobody's")
    func orphans() async throws {
        let first = try await pool.enqueue("first")
        _ = try await finish()
        let count = Int64(JobQueue.unblockLimit)
        try await pool.execute(
            """
            INSERT INTO queue.dependency (job_id, after_job_id, condition)
            SELECT -number, \(first), 'ended' FROM generate_series(1, \(count)) AS number
            """
        )
        let second = try await pool.enqueue("second")
        let then = try await pool.enqueue([try Job(Scripted.self, "then").after([second])])
        _ = try await finish()
        #expect(try await unblock() == 1)
        #expect(try await pool.row(then[0]) == "available 0 - -")
    }

    @Test(
        "a worker cancels a chain that waits in vain to its end without waiting for the next pass",
        arguments: [false, true])
    func vainChain(completes: Bool) async throws {
        let first = try await pool.enqueue("1")
        var ids = [first]
        for step in 1...9 {
            let condition = step == 1 && completes ? JobCondition.failed : .succeeded
            ids += try await pool.enqueue([try Job(Scripted.self, "\(step)").after([ids[step - 1]], when: condition)])
        }
        let worker = Worker(
            name: "w", pool: pool,
            handlers: [
                Scripted { [pool] _, context in
                    if completes { try await context.complete(in: pool) { _ in } }
                    return completes ? .done : .discard(reason: "no")
                }
            ], pollInterval: .seconds(3_600), leaseDuration: .seconds(3_600)
        )
        let ends = try await worker.run { [pool, ids] in
            try await JobQueue.ends(of: ids, within: .seconds(60), in: pool)
        }
        #expect(ends.map(\.state) == [completes ? .done : .discarded] + Array(repeating: .cancelled, count: 9))
    }

    @Test("a job after one that has ended already need not wait; after one that never was, it is refused")
    func late() async throws {
        let first = try await pool.enqueue("first")
        _ = try await finish()
        let then = try await pool.enqueue([try Job(Scripted.self, "then").after([first])])
        #expect(try await pool.row(then[0]) == "available 0 - -")
        await #expect(throws: JobError.unknownPredecessors([424_242])) {
            try await pool.enqueue([try Job(Scripted.self, "never").after([first, 424_242])])
        }
    }

    @Test("a pass over what waits leaves out what somebody has locked")
    func lockedPass() async throws {
        let first = try await pool.enqueue("first")
        let then = try await pool.enqueue([
            try Job(Scripted.self, "locked").after([first]), try Job(Scripted.self, "free").after([first]),
        ])
        _ = try await finish()
        try await pool.withSession { [pool] holder in
            try await holder.script(unchecked: "BEGIN")
            _ = try await holder.rows("SELECT FROM queue.job WHERE job_id = \(then[0]) FOR UPDATE")
            let unblocked = try await pool.withSession { session in try await JobQueue.unblock(in: session) }
            #expect(unblocked.changed == 1)
            try await holder.script(unchecked: "ROLLBACK")
        }
        #expect(try await unblock() == 1)
    }

    @Test("a worker frees however many wait for one job without waiting for the next pass")
    func many() async throws {
        let first = try await pool.enqueue("1")
        let count = JobQueue.unblockLimit + 1
        _ = try await pool.enqueue(try (0..<count).map { _ in try Job(Scripted.self, "then").after([first]) })
        let events = Mailbox(of: WorkerEvent.self)
        let worker = Worker(
            name: "w", pool: pool, concurrency: 100, handlers: [Scripted { _, _ in .done }],
            pollInterval: .seconds(3_600), leaseDuration: .seconds(3_600)
        ).observed { events.put($0) }
        try await withWorkers([worker]) { try await events.ended(1 + count) }
    }

    @Test("a worker runs a chain to its end without waiting for the next pass")
    func worker() async throws {
        let first = try await pool.enqueue("1")
        let second = try await pool.enqueue([try Job(Scripted.self, "2").after([first])])
        _ = try await pool.enqueue([try Job(Scripted.self, "3").after(second)])
        let order = Mailbox(of: String.self)
        let worker = Worker(
            name: "w", pool: pool,
            handlers: [
                Scripted { payload, _ in
                    order.put(payload)
                    return .done
                }
            ], pollInterval: .seconds(3_600)
        )
        try await withWorkers([worker]) {
            let ran = try await order.collect(3)
            #expect(ran == ["1", "2", "3"])
        }
    }
}
