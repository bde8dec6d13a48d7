import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct SettlementTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    /// How long after the database's now a job is to run, in whole seconds.
    private func secondsAhead(_ jobID: Int64) async throws -> Int {
        try await pool.count(
            "SELECT round(extract(epoch FROM run_at - queue.now()))::bigint FROM queue.job WHERE job_id = \(jobID)"
        )
    }

    @Test("a failed attempt waits for its turn, and its reason is kept")
    func retry() async throws {
        let id = try await pool.enqueue("fails")
        let claim = try #require(try await pool.claim(1).first)
        _ = try await pool.settle(claim.fence, .retry(after: .seconds(600), reason: "no luck"))
        #expect(try await pool.row(id) == "scheduled 1 - -")
        #expect(try await secondsAhead(id) > 590)
        #expect(try await pool.failures(id) == ["no luck"])
        #expect(try await pool.claim(1).isEmpty)
    }

    @Test("how long a failed attempt waits is its kind's to say")
    func backoffOfKind() async throws {
        struct Patient: JobHandler {
            static let kind = "patient"
            static let backoff = Backoff(first: .seconds(600), longest: .seconds(600))
            func run(_ payload: String, _ context: JobContext) async throws -> JobOutcome {
                throw Trouble(description: "not now")
            }
        }
        let id = try await pool.enqueue([try Job(Patient.self, "")])[0]
        let run = try await JobQueue.runNext([Patient()], of: ["default"], in: pool)
        #expect(run?.jobID == id && run?.outcome == "failed")
        #expect((299...600).contains(try await secondsAhead(id)))
    }

    @Test("a dead job is history with its error, and so are its earlier attempts")
    func dead() async throws {
        let id = try await pool.enqueue("dies")
        let first = try #require(try await pool.claim(1).first)
        _ = try await pool.settle(first.fence, .retry(after: .zero, reason: "first"))
        let second = try #require(try await pool.claim(1).first)
        #expect(second.attempt == 2)
        _ = try await pool.settle(second.fence, .dead(reason: "second"))
        #expect(try await pool.row(id) == nil)
        #expect(try await pool.end(id) == "dead: second")
        #expect(try await pool.failures(id) == ["first", "second"])
    }

    @Test("a snooze is a success: it costs no attempt, and the failures before it are forgiven")
    func snooze() async throws {
        let id = try await pool.enqueue("sleepy", maxAttempts: 2)
        let failed = try #require(try await pool.claim(1).first)
        _ = try await pool.settle(failed.fence, .retry(after: .zero, reason: "stumbled"))
        let claim = try #require(try await pool.claim(1).first)
        #expect(claim.attempt == 2)
        _ = try await pool.settle(claim.fence, .snoozed(.seconds(600)))
        #expect(try await pool.row(id) == "scheduled 0 - -")
        #expect(try await secondsAhead(id) > 590)
        #expect(try await pool.failures(id) == ["stumbled"])
    }

    @Test("a wait for longer than time goes is one for a hundred years, and one for less than nothing is none")
    func endlessWaits() async throws {
        let id = try await pool.enqueue("sleepy")
        for (wait, row) in [(Int64.min, "available 0 - -"), (Int64.max, "scheduled 0 - -")] {
            let claim = try #require(try await pool.claim(1).first)
            #expect(try await pool.settle(claim.fence, .snoozed(.seconds(wait))) == [claim.fence])
            #expect(try await pool.row(id) == row)
        }
        let shown = try await pool.withSession { session in try await JobQueue.show(id, in: session) }
        #expect(shown?.job.state == .scheduled)
    }

    @Test("hastening runs a snoozed job now, and skips the next snooze of a running one")
    func hasten() async throws {
        let id = try await pool.enqueue("periodic", uniqueKey: "tick")
        let first = try #require(try await pool.claim(1).first)
        _ = try await pool.settle(first.fence, .snoozed(.seconds(600)))
        #expect(try await pool.claim(1).isEmpty)

        let hasten: @Sendable (isolated Session) throws -> Int = { try JobQueue.hasten(uniqueKeys: ["tick"], in: $0) }
        #expect(try await pool.transaction(hasten) == 1)
        let second = try #require(try await pool.claim(1).first)

        #expect(try await pool.transaction(hasten) == 1)
        #expect(try await pool.row(id) == "running 1 \(second.leaseEpoch) somebody")
        try await pool.settle(second, .snoozed(.seconds(600)))
        let third = try #require(try await pool.claim(1).first)

        try await pool.settle(third, .snoozed(.seconds(600)))
        #expect(try await pool.claim(1).isEmpty, "one nudge, one run")
    }

    @Test("a job that is claimed while its nudge is yet to commit looks again after it")
    func hastenedUnseen() async throws {
        _ = try await pool.enqueue("periodic", uniqueKey: "tick")
        let claim = try await pool.withSession { [pool] nudging in
            try await nudging.script(unchecked: "BEGIN")
            #expect(try await JobQueue.hasten(uniqueKeys: ["tick"], in: nudging) == 1)
            let claim = try await pool.claim(1).first
            try await nudging.script(unchecked: "COMMIT")
            return try #require(claim)
        }
        try await pool.settle(claim, .snoozed(.seconds(600)))
        let again = try #require(try await pool.claim(1).first)
        try await pool.settle(again, .snoozed(.seconds(600)))
        #expect(try await pool.claim(1).isEmpty, "one nudge, one run more")
    }

    @Test("a nudge that waits for a snooze ends it")
    func hastenRaces() async throws {
        let id = try await pool.enqueue("periodic", uniqueKey: "tick")
        let claim = try #require(try await pool.claim(1).first)
        let (pool, other) = (pool, try await Session.connect(FreshDatabase.current.configuration))
        try await other.script(unchecked: "BEGIN")
        _ = try await JobQueue.settle([Settlement(claim, .snoozed(.seconds(600)))], in: other)
        async let nudged = pool.transaction { try JobQueue.hasten(uniqueKeys: ["tick"], in: $0) }
        try await pool.untilSomebodyWaits()
        try await other.script(unchecked: "COMMIT")
        #expect(try await nudged == 1)
        #expect(try await pool.row(id) == "available 0 - -")
        await other.close()
    }

    @Test("a mixed batch of verdicts is stored in one call, the stale ones left out")
    func batch() async throws {
        let ids = try await pool.enqueue(try (0..<4).map { try Job(Scripted.self, "\($0)") })
        let claims = try await pool.claim(4)
        let verdicts: [Settlement.Verdict] = [
            .done, .discarded(reason: "pointless"), .retry(after: .zero, reason: "again"), .handedBack,
        ]
        var batch = zip(claims, verdicts).map { Settlement(fence: $0.fence, verdict: $1) }
        let stale = ids.prefix(2).map { Fence(jobID: $0, revision: 0, leaseEpoch: 0) }
        batch.append(Settlement(fence: stale[0], verdict: .dead(reason: "stale")))
        batch.append(Settlement(fence: stale[1], verdict: .done))
        let sent = batch
        let settled = try await pool.withSession { session in try await JobQueue.settle(sent, in: session) }
        #expect(settled.stale == Set(stale))
        #expect(try await pool.end(ids[0]) == "done")
        #expect(try await pool.end(ids[1]) == "discarded: pointless")
        #expect(try await pool.row(ids[2]) == "available 1 - -")
        #expect(try await pool.row(ids[3]) == "available 0 - -")
    }

    @Test("a reason too long, or with characters PostgreSQL cannot hold, is made to fit")
    func reasons() async throws {
        let id = try await pool.enqueue("verbose")
        let claim = try #require(try await pool.claim(1).first)
        _ = try await pool.settle(claim.fence, .dead(reason: "a\0b" + String(repeating: "é", count: 10_000)))
        let reason = try #require(try await pool.failures(id).first)
        #expect(reason.hasPrefix("a\u{FFFD}bé"))
        #expect(reason.unicodeScalars.count == 4_000)
    }

    @Test("an expired lease is rescued with its attempt charged; one that holds is left alone")
    func rescue() async throws {
        let lost = try await pool.enqueue("lost")
        _ = try await pool.claim(1, as: "gone", lease: .zero)
        let held = try await pool.enqueue("held")
        let claim = try #require(try await pool.claim(1).first)

        #expect(try await pool.rescue() == [lost])
        #expect(try await pool.row(lost) == "available 1 - -")
        #expect(try await pool.failures(lost) == ["worker lost: gone"])
        #expect(try await pool.row(held) == "running 1 \(claim.leaseEpoch) somebody")
        #expect(try await pool.rescue().isEmpty)
    }

    @Test("a job that loses its worker on its last attempt is dead")
    func rescueOfLastAttempt() async throws {
        let id = try await pool.enqueue("poison", maxAttempts: 1)
        _ = try await pool.claim(1, as: "victim", lease: .zero)
        #expect(try await pool.rescue().isEmpty, "it does not come back")
        #expect(try await pool.end(id) == "dead: worker lost: victim")
        #expect(try await pool.failures(id) == ["worker lost: victim"])
    }
}
