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
    }

    @Test("a claim waits for no row that another session has locked; what becomes of the job there is run after it")
    func lockedRow() async throws {
        let id = try await pool.enqueue("old", uniqueKey: "key")
        try await pool.withSession { [pool] holder in
            try await holder.script(unchecked: "BEGIN")
            let job = try Job(Scripted.self, "new", uniqueKey: "key").replacing()
            _ = try await JobQueue.enqueue([job], in: holder)
            let early = try await pool.claimOne()
            #expect(early.payload == "\"old\"")
            try await holder.script(unchecked: "COMMIT")
            #expect(try await pool.settle(early.fence, .done).isEmpty, "nobody would run the new one")
        }
        let claim = try await pool.claimOne()
        #expect(claim.jobID == id && claim.payload == "\"new\"")
        #expect(try await pool.settle(claim.fence, .done) == [claim.fence])
    }

    @Test("a claim waits for another one of its queue, and does not take what that one took")
    func oneAfterTheOther() async throws {
        let ids = try await pool.enqueue([try Job(Scripted.self, "1st"), try Job(Scripted.self, "2nd")])
        let other = try await Session.connect(FreshDatabase.current.configuration)
        try await other.script(unchecked: "BEGIN; LOCK TABLE queue.lease IN SHARE MODE")
        async let first = pool.claim(1)
        try await pool.untilSomebodyWaits()
        async let second = pool.claim(9)
        try await pool.untilSomebodyWaits(2)
        try await other.script(unchecked: "COMMIT")
        #expect(try await first.map(\.jobID) == [ids[0]])
        #expect(try await second.map(\.jobID) == [ids[1]])
        await other.close()
    }

    @Test("a claim whose worker is frozen between finding and leasing is over in a moment, and took nothing")
    func frozen() async throws {
        let id = try await pool.enqueue("wanted")
        let frozen = try await Session.connect(FreshDatabase.current.configuration)
        let claimant = Claimant(name: "f", queues: ["default"], kinds: [Scripted.kind], leaseDuration: .seconds(600))
        let request = ClaimRequest(claimant: claimant, limit: 1)
        try await frozen.execute("BEGIN")
        #expect(try await frozen.pipeline(JobQueue.finding(request)).last?.count == 1)
        #expect(try await pool.claim(1).map(\.jobID) == [id])
        await #expect(throws: PostgresError.self) { try await frozen.execute("SELECT 1") }
        await frozen.close()
    }

    @Test(
        "what cannot be is refused, whoever writes it",
        arguments: [
            ("queue.job SET attempt_count = 26", "job_attempt_count_within_max"),
            ("queue.job SET attempt_count = -1", "job_attempt_count_within_max"),
            ("queue.job SET state = 'running'", "state_known"), ("queue.job SET max_attempt_count = 1", ""),
            ("queue.lease SET job_ids = '{}', revisions = '{}'", "lease_whole"),
            ("queue.lease SET revisions = revisions || 0::bigint", "lease_whole"),
        ])
    func half(change: String, constraint: String) async throws {
        _ = try await pool.enqueue("whole")
        _ = try await pool.claimOne()
        var refused = ""
        do {
            try await pool.withSession { session in try await session.script(unchecked: "UPDATE \(change)") }
        } catch {
            refused = (error as? PostgresError)?.constraint ?? "\(error)"
        }
        #expect(refused == constraint)
    }

    @Test(
        "the larger priority is first, then the earlier turn, however far back the moment asked for lies",
        arguments: [false, true]
    )
    func order(isCrowded: Bool) async throws {
        let early = Instant(microsecondsSinceEpoch: 1_000_000)
        let ids = try await pool.enqueue([
            try Job(Scripted.self, "2nd"), try Job(Scripted.self, "3rd", runAt: early),
            try Job(Scripted.self, "1st", priority: 4), try Job(Scripted.self, "4th"),
        ])
        let claimant = Claimant(name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: .seconds(60))
        let first = try await pool.claim(3, for: claimant, isCrowded: isCrowded)
        #expect(first.map(\.jobID) == [ids[2], ids[0], ids[1]])
        #expect(try await pool.claim(3, for: claimant, isCrowded: isCrowded).map(\.jobID) == [ids[3]])
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

    @Test("a claim is bounded over all queues, and takes from each that was asked for", arguments: [false, true])
    func queues(isCrowded: Bool) async throws {
        let ids = try await pool.enqueue([
            try Job(Scripted.self, "a", queue: "one"), try Job(Scripted.self, "b", queue: "two", priority: 1),
            try Job(Scripted.self, "c", queue: "one"), try Job(Scripted.self, "d", queue: "three"),
        ])
        let claimant = Claimant(
            name: "w", queues: ["one", "two"], kinds: [Scripted.kind], leaseDuration: .seconds(60)
        )
        let first = try await pool.claim(2, for: claimant, isCrowded: isCrowded)
        #expect(first.map(\.jobID) == [ids[1], ids[0]])
        #expect(first[0].leaseEpoch != first[1].leaseEpoch, "a lease is of one queue")
        for claim in first { #expect(try await pool.settle(claim.fence, .done) == [claim.fence]) }
        let second = try await pool.claim(9, for: claimant, isCrowded: isCrowded)
        #expect(second.map(\.jobID) == [ids[2]])
    }

    @Test("a claim says whether several lanes have something, and one that knows may not forget it while it is full")
    func crowded() async throws {
        let old = try await pool.enqueue(try ["1", "2"].map { try Job(Scripted.self, $0, priority: 2) })
        _ = try await pool.enqueue(try ["3", "4"].map { try Job(Scripted.self, $0) })
        let claimant = Claimant(name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: .seconds(60))
        func claim(_ limit: Int, isCrowded: Bool) async throws -> Claimed {
            let request = ClaimRequest(claimant: claimant, limit: limit, isCrowded: isCrowded)
            return try await pool.withSession { session in try await JobQueue.claim(request, in: session) }
        }
        let first = try await claim(2, isCrowded: false)
        #expect(first.claims.map(\.jobID) == old && first.isCrowded, "full, and all of one lane")
        #expect(try await claim(1, isCrowded: true).isCrowded, "full: others may have something still")
        #expect(try await !claim(9, isCrowded: true).isCrowded)
        #expect(try await !claim(9, isCrowded: false).isCrowded)
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
            let claimed = try await JobQueue.claim(ClaimRequest(claimant: claimant, limit: 9), in: clock)
            #expect(claimed.claims.map(\.jobID) == found)
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
