import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct ThrottleSettingTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    private func uses() async throws -> [ThrottleUse] {
        try await pool.operate { try JobQueue.throttles(in: $0) }
    }

    @Test("limits are listed as they were set, with how much of each is used")
    func listed() async throws {
        let queue = Throttle(.queue, "default", runningLimit: 2)
        let kind = Throttle(.kind, Scripted.kind, rate: Throttle.Rate(100, per: .seconds(3_600), burst: 5))
        try await pool.operate { session in
            try JobQueue.setThrottle(kind, in: session)
            try JobQueue.setThrottle(queue, in: session)
        }
        let uses = try await uses()
        #expect(uses.map(\.throttle) == [queue, kind])
        #expect(uses.map(\.runningCount) == [0, 0])
        #expect(uses.map(\.tokenCount) == [nil, 5], "a bucket begins full")
        #expect(uses.map(\.hasRoom) == [true, true])
    }

    @Test("a limit has no room while as many run, and a bucket none without a whole token")
    func room() async throws {
        let slow = Throttle(.kind, "slow", rate: Throttle.Rate(1, per: .seconds(86_400)))
        try await pool.operate { session in
            try JobQueue.setThrottle(Throttle(.queue, "default", runningLimit: 1), in: session)
            try JobQueue.setThrottle(slow, in: session)
        }
        _ = try await pool.enqueue("a")
        _ = try await pool.claimOne()
        try await pool.execute("UPDATE queue.throttle SET token_count = 0.5 WHERE name = 'slow'")
        let uses = try await uses()
        #expect(uses.map(\.hasRoom) == [false, false])
        #expect(uses.map(\.runningCount) == [1, 0])
    }

    @Test("a new rate keeps the tokens there are, within the new burst; a first rate begins full")
    func changed() async throws {
        let hour = Duration.seconds(3_600)
        for (rate, tokens) in [
            (nil, nil), (Throttle.Rate(1, per: hour, burst: 8), 8), (Throttle.Rate(1, per: hour, burst: 3), 3),
            (Throttle.Rate(1, per: hour, burst: 50), 3),
        ] as [(Throttle.Rate?, Double?)] {
            let throttle = Throttle(.queue, "default", runningLimit: 9, rate: rate)
            try await pool.operate { try JobQueue.setThrottle(throttle, in: $0) }
            let use = try #require(try await uses().first)
            #expect(use.throttle == throttle)
            #expect(use.tokenCount.map { ($0 * 10).rounded() / 10 } == tokens)
        }
    }

    @Test("a limit taken away is gone")
    func removed() async throws {
        let throttle = Throttle(.kind, "k", runningLimit: 1)
        try await pool.operate { try JobQueue.setThrottle(throttle, in: $0) }
        #expect(try await pool.operate { try JobQueue.removeThrottle(.queue, "k", in: $0) } == false)
        #expect(try await pool.operate { try JobQueue.removeThrottle(.kind, "k", in: $0) })
        #expect(try await uses().isEmpty)
    }

    @Test(
        "a value out of bounds is refused, naming the field and what it may hold",
        arguments: [
            (Throttle(.queue, "q", runningLimit: 0), "running limit must be 1 to 2147483647; found 0"),
            (Throttle(.queue, "", runningLimit: 1), "queue must be 1 to 100 characters long; found 0"),
            (Throttle(.kind, "k"), "throttle must be a running limit, a rate or both; found neither"),
            (Throttle(.kind, "k", rate: .init(0, per: .seconds(1))), "rate count must be 1 to 2147483647; found 0"),
            (
                Throttle(.kind, "k", rate: .init(1, per: .seconds(1), burst: 0)),
                "rate burst must be 1 to 2147483647; found 0"
            ),
            (
                Throttle(.kind, "k", rate: .init(1, per: .zero)),
                "rate period must be 1 ms to 366 days; found 0.0 seconds"
            ),
        ]
    )
    func refused(throttle: Throttle, sentence: String) async throws {
        let error = await #expect(throws: InvalidValue.self) {
            try await pool.operate { try JobQueue.setThrottle(throttle, in: $0) }
        }
        #expect(error?.description == sentence)
    }
}
