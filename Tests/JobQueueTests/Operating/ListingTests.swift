import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct ListingTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    private func list(_ filter: JobFilter, before cursor: Int64? = nil, limit: Int = 50) async throws -> JobPage {
        try await pool.operate { try JobQueue.list(filter, before: cursor, limit: limit, in: $0) }
    }

    @Test("a list has unfinished and finished jobs, the newest first, page by page")
    func pages() async throws {
        var ids: [Int64] = []
        for payload in ["a", "b", "c"] { ids.append(try await pool.bury(payload)) }
        for payload in ["d", "e"] { ids.append(try await pool.enqueue(payload)) }
        ids.reverse()

        let first = try await list(JobFilter(), limit: 3)
        #expect(first.jobs.map(\.jobID) == Array(ids.prefix(3)))
        #expect(first.jobs.map(\.state) == [.available, .available, .dead])
        #expect(first.next == ids[2])
        let second = try await list(JobFilter(), before: first.next, limit: 3)
        #expect(second.jobs.map(\.jobID) == Array(ids.suffix(2)))
        #expect(second.next == nil)
    }

    @Test("queue, kind, state and tenant choose what is listed")
    func filters() async throws {
        let dead = try await pool.bury("dead", queue: "other", reason: "why")
        let waiting = try await pool.enqueue("waiting")
        try await pool.execute("UPDATE queue.job SET tenant = 'ada' WHERE job_id = \(waiting)")

        #expect(try await list(JobFilter(queue: "other")).jobs.map(\.jobID) == [dead])
        #expect(try await list(JobFilter(state: .dead)).jobs.map(\.reason) == ["why"])
        #expect(try await list(JobFilter(state: .available)).jobs.map(\.jobID) == [waiting])
        #expect(try await list(JobFilter(tenant: "ada")).jobs.map(\.tenant) == ["ada"])
        #expect(try await list(JobFilter(kind: Scripted.kind)).jobs.count == 2)
        #expect(try await list(JobFilter(queue: "other", state: .running)).jobs.isEmpty)
        await #expect(throws: InvalidValue(field: "limit", limit: "1 to 1000", found: "1001")) {
            try await list(JobFilter(), limit: 1_001)
        }
    }

    @Test("every state the database knows has a name here, and no other")
    func states() async throws {
        let checks = try await pool.only(
            """
            SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint
             WHERE contypid = 'queue.state'::regtype
                OR conname = 'history_outcome_known' AND conrelid = 'queue.history'::regclass
            """
        )
        let quoted = checks.split(separator: "'").enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
        // What runs is available, and named by a lease.
        #expect(Set(quoted).union(["running"]) == Set(JobState.allCases.map(\.rawValue)))
    }

    @Test("one job is shown whole: payload, progress, what went wrong and what it waits for")
    func details() async throws {
        let id = try await pool.enqueue("payload")
        _ = try await pool.settle(try await pool.claimOne().fence, .retry(after: .zero, reason: "first"))
        let claim = try await pool.claimOne(as: "worker-1")
        try await pool.execute("UPDATE queue.job SET progress = 0.5, progress_note = 'half' WHERE job_id = \(id)")
        let waiting = try await pool.enqueue("after")
        try await pool.execute("UPDATE queue.job SET state = 'blocked' WHERE job_id = \(waiting)")
        try await pool.execute(
            "INSERT INTO queue.dependency (job_id, after_job_id, condition) VALUES (\(waiting), \(id), 'succeeded')"
        )

        let shown = try #require(try await pool.operate { try JobQueue.show(id, in: $0) })
        #expect(shown.job.state == .running && shown.job.attempt == 2 && shown.job.workerName == "worker-1")
        #expect(shown.job.progress == 0.5 && shown.job.progressNote == "half")
        #expect(shown.payload == "\"payload\"" && shown.payloadVersion == 1 && shown.timeout == nil)
        #expect(shown.leaseEpoch == claim.leaseEpoch && shown.leaseUntil != nil)
        #expect(shown.failures.map(\.reason) == ["first"] && shown.failures.map(\.attempt) == [1])
        #expect(shown.predecessors.isEmpty)

        let blocked = try #require(try await pool.operate { try JobQueue.show(waiting, in: $0) })
        let predecessor = JobDetails.Predecessor(jobID: id, condition: "succeeded", state: .running)
        #expect(blocked.job.state == .blocked && blocked.predecessors == [predecessor])
    }

    @Test("a finished job is shown as well, and one that never was is not")
    func finished() async throws {
        let id = try await pool.bury("x", reason: "of this")
        let shown = try #require(try await pool.operate { try JobQueue.show(id, in: $0) })
        #expect(shown.job.state == .dead && shown.job.reason == "of this" && shown.job.finishedAt != nil)
        #expect(shown.failures.map(\.reason) == ["of this"] && shown.leaseUntil == nil)
        #expect(try await pool.operate { try JobQueue.show(424_242, in: $0) } == nil)
    }
}
