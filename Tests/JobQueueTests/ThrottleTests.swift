import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct ThrottleTests {
    let pool: Pool
    private let claimant = Claimant(
        name: "w", queues: ["default", "other"], kinds: [Scripted.kind], leaseDuration: .seconds(60)
    )

    init() async throws {
        pool = try await queuePool()
    }

    private func claim(
        _ limit: Int, of queues: [String] = ["default", "other"], from lowestBeat: Int64 = 0
    ) async throws -> [Claim] {
        let claimant = Claimant(name: "w", queues: queues, kinds: claimant.kinds, leaseDuration: .seconds(60))
        let request = ClaimRequest(claimant: claimant, limit: limit, lowestBeat: lowestBeat)
        return try await pool.withSession { session in
            let throttled = try await JobQueue.throttled(for: claimant, in: session)
            return try await JobQueue.claim(request, within: throttled, in: session)
        }.claims
    }

    @Test("no more of a queue run at once than its limit, however many claim, and others are not held up")
    func runningLimit() async throws {
        _ = try await pool.execute(
            "INSERT INTO queue.throttle (scope, name, running_limit) VALUES ('queue', 'default', 5)")
        _ = try await pool.enqueue(try (0..<40).map { try Job(Scripted.self, "\($0)") })
        _ = try await pool.enqueue(try (0..<3).map { try Job(Scripted.self, "\($0)", queue: "other") })
        let claims = try await withThrowingTaskGroup(of: [Claim].self) { group in
            for _ in 0..<8 { group.addTask { try await claim(20) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(claims.count { $0.lane.queue == "default" } == 5)
        #expect(claims.count { $0.lane.queue == "other" } == 3)
        _ = try await pool.settle(claims.first { $0.lane.queue == "default" }?.fence ?? claims[0].fence, .done)
        #expect(try await claim(20).count == 1)
    }

    @Test("a worker that starts keeps to the limits there are from its first claim on")
    func fromTheStart() async throws {
        _ = try await pool.execute(
            "INSERT INTO queue.throttle (scope, name, running_limit) VALUES ('queue', 'default', 1)")
        _ = try await pool.enqueue(try (0..<20).map { try Job(Scripted.self, "\($0)") })
        let events = Mailbox(of: WorkerEvent.self)
        let worker = Worker(name: "w", pool: pool, handlers: [Scripted { _, _ in .done }]).observed { events.put($0) }
        var counts: [Int] = []
        try await withWorkers([worker]) {
            while counts.isEmpty {
                if case .claimed(let count) = try await events.next() { counts.append(count) }
            }
        }
        #expect(counts == [1])
    }

    @Test("a kind's limit holds over all queues")
    func kindLimit() async throws {
        _ = try await pool.execute(
            "INSERT INTO queue.throttle (scope, name, running_limit) VALUES ('kind', 'scripted', 4)")
        for queue in ["default", "other"] {
            _ = try await pool.enqueue(try (0..<10).map { try Job(Scripted.self, "\($0)", queue: queue) })
        }
        #expect(try await claim(20).count == 4)
        #expect(try await claim(20).isEmpty)
    }

    @Test("what runs of a kind counts also where it runs in queues the claimant knows nothing of")
    func kindElsewhere() async throws {
        _ = try await pool.execute(
            "INSERT INTO queue.throttle (scope, name, running_limit) VALUES ('kind', 'scripted', 1)")
        _ = try await pool.enqueue([try Job(Scripted.self, "long", queue: "other")])
        let long = try #require(try await claim(1, of: ["other"]).first)
        _ = try await pool.enqueue([try Job(Scripted.self, "next")])
        #expect(try await claim(1, of: ["default"], from: long.leaseEpoch + 1).isEmpty)
    }

    @Test("a claimant that is frozen within its claim does not hold up the others for long")
    func frozen() async throws {
        _ = try await pool.execute(
            "INSERT INTO queue.throttle (scope, name, running_limit) VALUES ('queue', 'default', 5)")
        let claimant = Claimant(name: "w", queues: ["default"], kinds: ["any"], leaseDuration: .seconds(60))
        let request = ClaimRequest(claimant: claimant, limit: 1)
        let silence = try await pool.transaction { session in
            _ = try JobQueue.lockedRooms(within: Throttled(queues: ["default"]), for: request, in: session)
            return try session.rows("SHOW idle_in_transaction_session_timeout")[0].decode(0, as: String.self)
        }
        #expect(silence == "5s")
    }

    @Test(
        "tokens flow in with the database's clock and no more than the burst can be saved",
        arguments: [("queue", "default"), ("kind", Scripted.kind)]
    )
    func rate(scope: String, name: String) async throws {
        _ = try await pool.execute(
            """
            INSERT INTO queue.throttle (scope, name, rate_count, rate_period, burst_count, token_count)
            VALUES (\(scope), \(name), 2, interval '1 second', 3, 3)
            """
        )
        _ = try await pool.enqueue(try (0..<40).map { try Job(Scripted.self, "\($0)") })
        #expect(try await claim(20).count == 3)
        _ = try await pool.execute(
            "UPDATE queue.throttle SET refilled_at = queue.now() - interval '1001 ms', token_count = 0")
        #expect(try await claim(20).count == 2)
        _ = try await pool.execute("UPDATE queue.throttle SET refilled_at = queue.now() - interval '1 hour'")
        #expect(try await claim(1).count == 1, "an unused token stays")
        #expect(try await claim(20).count == 2)
    }

    @Test("a paused queue rests, and goes on when it is resumed")
    func pause() async throws {
        _ = try await pool.enqueue([try Job(Scripted.self, "a"), try Job(Scripted.self, "b", queue: "other")])
        _ = try await pool.execute("INSERT INTO queue.pause (queue) VALUES ('default')")
        #expect(try await pool.claim(9, for: claimant).map(\.lane.queue) == ["other"])
        _ = try await pool.execute("DELETE FROM queue.pause")
        #expect(try await pool.claim(9, for: claimant).map(\.lane.queue) == ["default"])
    }
}
