import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct LeaderTests {
    let pool: Pool
    let leading = Mailbox(of: (holder: String, leadership: Leadership).self)

    init() async throws {
        pool = try await queuePool()
    }

    /// A leader that says so, and leads until it is told to stop.
    private func leader(_ holder: String, lease: Duration = .seconds(3_600)) -> Led {
        let leader = Leader(
            "subject", holder: holder, pool: pool, leaseDuration: lease, campaignInterval: .milliseconds(10)
        )
        return Led { [leading] in
            try await leader.run { leadership in
                leading.put((holder, leadership))
                try await untilCancelled()
            }
        }
    }

    /// The leadership of somebody whose process is gone.
    private func lost(lease: Duration) async throws -> Leadership {
        let statements = LeaderStatements(name: "subject", holder: "lost", leaseDuration: lease)
        let epoch = try await pool.withSession { session in try await statements.campaign(in: session) }
        return Leadership(name: "subject", epoch: try #require(epoch))
    }

    private func verify(_ leadership: Leadership) async throws {
        try await pool.transaction { session in try leadership.verify(in: session) }
    }

    @Test("one leads at a time, and a graceful stop passes leadership on long before the lease runs out")
    func resigns() async throws {
        var second: Task<Void, any Error>?
        try await withWorkers([leader("first")]) {
            let first = try await leading.next()
            #expect(first.holder == "first" && first.leadership.epoch == 1)
            second = Task { [leader = leader("second")] in try await leader.run() }
            try await verify(first.leadership)
        }
        let next = try await leading.next()
        #expect(next.holder == "second" && next.leadership.epoch == 2)
        second?.cancel()
        try await second?.value
        #expect(try await pool.count("SELECT count(*) FROM queue.leader WHERE holder IS NULL") == 1)
    }

    @Test("a leader that is lost is followed when its lease has run out, and what it does later is refused")
    func expires() async throws {
        let late = try await lost(lease: .milliseconds(1))
        try await verify(late)
        try await withWorkers([leader("next")]) {
            let next = try await leading.next().leadership
            #expect(next.epoch == late.epoch + 1)
            await #expect(throws: JobError.stale) { try await verify(late) }
            let statements = LeaderStatements(name: "subject", holder: "lost", leaseDuration: .seconds(3_600))
            #expect(try await pool.withSession { session in try await statements.renew(late, in: session) } == false)
            try await pool.withSession { session in try await statements.resign(late, in: session) }
            try await verify(next)
        }
    }

    @Test("while a lease holds, nobody else is elected")
    func holds() async throws {
        let holder = try await lost(lease: .seconds(3_600))
        let other = LeaderStatements(name: "subject", holder: "other", leaseDuration: .seconds(3_600))
        #expect(try await pool.withSession { session in try await other.campaign(in: session) } == nil)
        let elsewhere = LeaderStatements(name: "another subject", holder: "other", leaseDuration: .seconds(3_600))
        #expect(try await pool.withSession { session in try await elsewhere.campaign(in: session) } == 1)
        try await verify(holder)
    }

    @Test("the body of a leader that was deposed is cancelled, and it runs again")
    func deposed() async throws {
        try await withWorkers([leader("first", lease: .milliseconds(1_500))]) {
            let first = try await leading.next().leadership
            try await pool.execute("UPDATE queue.leader SET epoch = epoch + 1, holder = 'usurper', until_at = now()")
            let again = try await leading.next().leadership
            #expect(again.epoch == first.epoch + 2)
        }
    }

    @Test("a leader whose lease is being prolonged goes on leading beyond it")
    func renews() async throws {
        try await withWorkers([leader("first", lease: .milliseconds(1_500))]) {
            let first = try await leading.next().leadership
            let prolonged: Statement = "SELECT until_at FROM queue.leader"
            var ends: Set<Instant> = []
            while ends.count < 4 { ends.insert(try await pool.rows(prolonged)[0].decode("until_at")) }
            try await verify(first)
        }
    }

    @Test("a transaction that made sure of leading keeps others from it, and the leader not from going on")
    func verified() async throws {
        let leadership = try await lost(lease: .milliseconds(1))
        var configuration = FreshDatabase.current.configuration
        configuration.lockTimeout = .milliseconds(100)
        let hasty = Pool(configuration, size: 1)
        let other = LeaderStatements(name: "subject", holder: "other", leaseDuration: .seconds(60))
        try await pool.withSession { session in
            try await session.script(unchecked: "BEGIN")
            try await leadership.verify(in: session)
            await #expect { try await hasty.withSession { try await other.campaign(in: $0) } } throws: { error in
                (error as? PostgresError)?.kind == .lockTimeout
            }
            #expect(try await hasty.withSession { try await other.renew(leadership, in: $0) })
            try await leadership.verify(in: session)
            try await session.script(unchecked: "COMMIT")
        }
        await hasty.shutdown()
    }

    @Test("a leader that cannot reach its row stops before its lease runs out")
    func cutOff() async throws {
        let stopped = Mailbox(of: Void.self)
        let leader = Leader("subject", holder: "cut off", pool: pool, leaseDuration: .seconds(3))
        let run = Task { [leading] in
            try await leader.run { leadership in
                leading.put(("cut off", leadership))
                do { try await untilCancelled() } catch { stopped.put(()) }
            }
        }
        _ = try await leading.next()
        let holder = try await Session.connect(FreshDatabase.current.configuration)
        try await holder.script(unchecked: "BEGIN")
        let row = try await holder.rows("SELECT until_at FROM queue.leader FOR UPDATE")[0]
        try await stopped.next()
        let isInTime = try await holder.rows(
            "SELECT clock_timestamp() < \(row.decode("until_at", as: Instant.self))::timestamptz AS is_in_time"
        )[0]
        #expect(try isInTime.decode("is_in_time", as: Bool.self))
        try await holder.script(unchecked: "ROLLBACK")
        await holder.close()
        run.cancel()
        try await run.value
    }

    @Test("a body that returns ends its leader, one that throws does too, and both resign")
    func ends() async throws {
        let leader = Leader("subject", holder: "brief", pool: pool, leaseDuration: .seconds(3_600))
        try await leader.run { _ in }
        await #expect(throws: Trouble.self) { try await leader.run { _ in throw Trouble(description: "no") } }
        #expect(try await pool.count("SELECT epoch FROM queue.leader WHERE holder IS NULL") == 2)
    }
}

/// A service made of a closure.
struct Led: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws {
        try await body()
    }
}
