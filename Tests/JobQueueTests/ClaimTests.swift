import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct ClaimTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    @Test("no job is given to two claimants")
    func disjoint() async throws {
        let ids = try await pool.enqueue(try (0..<2_000).map { try Job(Scripted.self, "\($0)") })
        let claims = try await withThrowingTaskGroup(of: [Claim].self) { group in
            for name in ["a", "b", "c", "d"] {
                group.addTask { [pool] in
                    var mine: [Claim] = []
                    while true {
                        let claims = try await pool.claim(37, as: name)
                        if claims.isEmpty { return mine }
                        mine += claims
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        // Compared outside of the expectation, which would print both.
        let isEachOnce = claims.map(\.jobID).sorted() == ids
        #expect(isEachOnce)
        #expect(Set(claims.map(\.leaseEpoch)).count == ids.count)
    }

    @Test("rows that another session has locked are skipped, not waited for")
    func skipsLocked() async throws {
        let locked = try await pool.enqueue("locked")
        let free = try await pool.enqueue("free")
        try await pool.withSession { [pool] holder in
            try await holder.script(unchecked: "BEGIN")
            _ = try await holder.rows("SELECT 1 FROM queue.job WHERE job_id = \(locked) FOR UPDATE")
            #expect(try await pool.claim(10).map(\.jobID) == [free])
            try await holder.script(unchecked: "ROLLBACK")
        }
    }

    @Test(
        "a job that only half runs is refused, whoever writes it",
        arguments: [
            ("lease_epoch = NULL", "job_lease_only_while_running"),
            ("state = 'available'", "job_lease_only_while_running"),
            ("lease_until = NULL", "job_state_whole"), ("worker_name = NULL", "job_state_whole"),
            ("started_at = NULL", "job_state_whole"), ("attempt_count = 26", "job_state_whole"),
            ("attempt_count = -1", "job_state_whole"), ("max_attempt_count = 0 + attempt_count", ""),
            ("state = 'available', lease_epoch = NULL, lease_until = NULL, started_at = NULL", "job_state_whole"),
        ])
    func half(change: String, constraint: String) async throws {
        _ = try await pool.enqueue("whole")
        _ = try await pool.claimOne()
        var refused = ""
        do {
            try await pool.withSession { session in
                try await session.script(unchecked: "UPDATE queue.job SET \(change)")
            }
        } catch {
            refused = (error as? PostgresError)?.constraint ?? "\(error)"
        }
        #expect(refused == constraint)
    }

    @Test("a job that is enqueued as running without a lease is refused")
    func unleased() async throws {
        await #expect {
            try await pool.execute("INSERT INTO queue.job (kind, payload, state) VALUES ('scripted', '1', 'running')")
        } throws: { error in
            (error as? PostgresError)?.constraint == "job_lease_only_while_running"
        }
    }

    @Test("the larger priority is first, then the earlier turn, however far back the moment asked for lies")
    func order() async throws {
        let early = Instant(microsecondsSinceEpoch: 1_000_000)
        let ids = try await pool.enqueue([
            try Job(Scripted.self, "2nd"), try Job(Scripted.self, "3rd", runAt: early),
            try Job(Scripted.self, "1st", priority: 4), try Job(Scripted.self, "4th"),
        ])
        #expect(try await pool.claim(3).map(\.jobID) == [ids[2], ids[0], ids[1]])
        #expect(try await pool.claim(3).map(\.jobID) == [ids[3]])
    }

    @Test("what becomes due takes its turn in the order of its moments")
    func dueOrder() async throws {
        let moments: [Int64] = [3, 1, 2]
        let ids = try await pool.enqueue(
            try moments.map {
                try Job(Scripted.self, "", runAt: Instant(microsecondsSinceEpoch: 4_000_000_000_000_000 + $0))
            }
        )
        _ = try await pool.execute("UPDATE queue.job SET run_at = run_at - interval '100 years'")
        #expect(try await pool.claim(3).map(\.jobID) == [ids[1], ids[2], ids[0]])
    }

    @Test("a claim is bounded over all queues, and takes from each that was asked for")
    func queues() async throws {
        let ids = try await pool.enqueue([
            try Job(Scripted.self, "a", queue: "one"), try Job(Scripted.self, "b", queue: "two", priority: 1),
            try Job(Scripted.self, "c", queue: "one"), try Job(Scripted.self, "d", queue: "three"),
        ])
        let claimant = Claimant(
            name: "w", queues: ["one", "two"], kinds: [Scripted.kind], leaseDuration: .seconds(60)
        )
        let first = try await pool.claim(2, for: claimant)
        #expect(first.map(\.jobID) == [ids[1], ids[0]])
        let second = try await pool.claim(9, for: claimant)
        #expect(second.map(\.jobID) == [ids[2]])
    }

    @Test("a kind the worker does not know is left to one that does")
    func kinds() async throws {
        _ = try await pool.enqueue("unknown to that worker")
        let claimant = Claimant(name: "w", queues: ["default"], kinds: ["other"], leaseDuration: .seconds(60))
        #expect(try await pool.claim(9, for: claimant).isEmpty)
        #expect(try await pool.claim(9).count == 1)
    }

    @Test("a job is not claimed before its time, and is once the database's clock is there")
    func runAt() async throws {
        let noon = Instant(microsecondsSinceEpoch: 4_000_000_000_000_000)
        let job = try Job(Scripted.self, "at noon", runAt: noon)
        let claimant = Claimant(name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: .seconds(60))
        let id = try #require(try await pool.enqueue([job]).first)
        #expect(try await pool.claim(9).isEmpty)

        let clock = try await Session.connect(FreshDatabase.current.configuration)
        for (moment, found) in [(noon.microsecondsSinceEpoch - 1, []), (noon.microsecondsSinceEpoch, [id])] {
            let now = Instant(microsecondsSinceEpoch: moment)
            _ = try await clock.rows("SELECT set_config('queue.simulated_now', (\(now)::timestamptz)::text, false)")
            #expect(
                try await JobQueue.claim(ClaimRequest(claimant: claimant, limit: 9), in: clock).map(\.jobID) == found)
        }
        await clock.close()
    }

    @Test("lease epochs only grow, also when the same job is claimed again")
    func epochsGrow() async throws {
        _ = try await pool.enqueue("again and again")
        var last: Int64 = 0
        for _ in 0..<20 {
            let claim = try #require(try await pool.claim(1).first)
            #expect(claim.leaseEpoch > last)
            #expect(claim.attempt == 1, "snoozing and handing back cost no attempt")
            last = claim.leaseEpoch
            _ = try await pool.settle(claim.fence, .handedBack)
        }
    }
}
