import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct AloneTests {
    private let pool = FreshDatabase.current.pool
    private let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        + "/Migrations"

    private func worker(_ body: @escaping @Sendable (String) throws -> JobOutcome) -> Worker {
        Worker(
            name: "w", pool: pool, handlers: [Scripted { payload, _ in try body(payload) }],
            pollInterval: .milliseconds(20)
        )
    }

    @Test("a program migrates, even twice, enqueues, works until its jobs have ended, and learns how")
    func whole() async throws {
        for _ in 1...2 { try await JobQueue.migrate(pool, directory: folder) }
        let jobs = [try Job(Scripted.self, "good"), try Job(Scripted.self, "bad", maxAttempts: 1)]
        let ids = try await JobQueue.enqueue(jobs, in: pool)
        let worker = worker { payload in
            if payload == "bad" { throw Trouble(description: "as told") }
            return .done
        }
        let ends = try await worker.run { [pool] in
            try await JobQueue.ends(of: ids, within: .seconds(60), in: pool)
        }
        #expect(ends.map(\.jobID) == ids)
        #expect(ends.map(\.state) == [.done, .dead])
        #expect(ends.map(\.reason) == [nil, "as told"])
    }

    @Test("what has not ended within the limit is left out")
    func unfinished() async throws {
        try await JobQueue.migrate(pool, directory: folder)
        let ids = try await JobQueue.enqueue([try Job(Scripted.self, "waits")], in: pool)
        #expect(try await JobQueue.ends(of: ids, within: .zero, in: pool).isEmpty)
    }

    @Test("a worker whose company ends at once stops at once, and passes on what was thrown")
    func company() async throws {
        try await JobQueue.migrate(pool, directory: folder)
        let worker = worker { _ in .done }
        #expect(try await worker.run { 1 } == 1)
        await #expect(throws: Trouble.self) {
            try await worker.run { throw Trouble(description: "company left") }
        }
    }
}
