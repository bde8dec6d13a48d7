import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct DrainTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    @Test("a pause keeps the moment of the first call, takes a later reason, and ends with a resumption")
    func pause() async throws {
        let first = try await pool.operate { try JobQueue.pause("default", in: $0) }
        #expect(first.reason == nil)
        let second = try await pool.operate { try JobQueue.pause("default", reason: "disk is full", in: $0) }
        #expect(second.pausedAt == first.pausedAt && second.reason == "disk is full")
        let third = try await pool.operate { try JobQueue.pause("default", in: $0) }
        #expect(third == second)
        #expect(try await pool.operate { try JobQueue.pauses(in: $0) } == [second])

        #expect(try await pool.operate { try JobQueue.resume("default", in: $0) })
        #expect(try await pool.operate { try JobQueue.resume("default", in: $0) } == false)
        #expect(try await pool.operate { try JobQueue.pauses(in: $0) }.isEmpty)
    }

    @Test("a name or a reason out of bounds is refused in words")
    func bounds() async throws {
        let long = String(repeating: "ü", count: 101)
        await #expect(throws: InvalidValue(field: "queue", limit: "1 to 100 characters long", found: "101")) {
            try await pool.operate { try JobQueue.pause(long, in: $0) }
        }
        await #expect(throws: InvalidValue(field: "reason", limit: "1 to 500 characters long", found: "0")) {
            try await pool.operate { try JobQueue.pause("default", reason: "", in: $0) }
        }
        await #expect(throws: InvalidValue.self) {
            try await pool.operate { try JobQueue.pause("a\0b", in: $0) }
        }
        #expect(try await pool.operate { try JobQueue.pause(String(long.dropLast()), in: $0) }.queue.count == 100)
    }

    @Test("a drained queue rests and has nothing running; what waits in it still waits")
    func drained() async throws {
        _ = try await pool.enqueue("waiting")
        #expect(try await JobQueue.drain("default", reason: "upgrade", within: .seconds(60), pool: pool) == .drained)
        #expect(try await pool.operate { try JobQueue.pauses(in: $0) }.map(\.reason) == ["upgrade"])
        #expect(try await pool.count("SELECT count(*) FROM queue.job WHERE state = 'available'") == 1)
    }

    @Test("draining waits for what runs, and says what still does when the time is up")
    func waits() async throws {
        let id = try await pool.enqueue("slow")
        let claim = try await pool.claimOne(as: "worker-7")
        let answer = try await JobQueue.drain("default", within: .zero, pool: pool)
        guard case .unfinished(let running) = answer else {
            Issue.record("it was not drained: \(answer)")
            return
        }
        #expect(running.map(\.jobID) == [id] && running.map(\.workerName) == ["worker-7"])

        async let patient = JobQueue.drain("default", within: .seconds(240), pool: pool)
        _ = try await pool.settle(claim.fence, .done)
        #expect(try await patient == .drained)
    }

    @Test("a claim under way when the pause commits may still come out, so it is waited for")
    func claimUnderWay() async throws {
        let claimant = try await Session.connect(FreshDatabase.current.configuration)
        let other = Claimant(name: "w", queues: ["default"], kinds: ["any"], leaseDuration: .seconds(60))
        try await claimant.execute("BEGIN")
        // Has looked whether the queue rests, and has leased nothing yet.
        _ = try await claimant.pipeline(JobQueue.finding(ClaimRequest(claimant: other, limit: 1)))
        #expect(try await JobQueue.drain("default", within: .zero, pool: pool) == .unfinished(running: []))
        #expect(try await JobQueue.drain("other", within: .zero, pool: pool) == .drained)
        try await claimant.execute("COMMIT")
        #expect(try await JobQueue.drain("default", within: .zero, pool: pool) == .drained)
        await claimant.close()
    }
}
