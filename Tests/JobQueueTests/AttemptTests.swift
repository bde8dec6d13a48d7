import FoundationEssentials
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct AttemptTests {
    let pool: Pool
    let events = Mailbox(of: WorkerEvent.self)

    init() async throws {
        pool = try await queuePool()
    }

    private func worker(_ handler: any JobHandler, lease: Duration = .seconds(60)) -> Worker {
        Worker(
            name: "worker", pool: pool, handlers: [handler], pollInterval: .milliseconds(20), leaseDuration: lease
        ).observed { [events] in events.put($0) }
    }

    @Test("an attempt whose time is up is cancelled and has failed")
    func timeout() async throws {
        let job = try Job(Scripted.self, "slow", maxAttempts: 1, timeout: .milliseconds(20))
        let id = try #require(try await pool.enqueue([job]).first)
        let handler = Scripted { _, _ in
            try await untilCancelled()
            return .done
        }
        try await withWorkers([worker(handler)]) {
            let outcomes = try await events.ended()
            #expect(outcomes == ["dead"])
        }
        #expect(try await pool.end(id) == "dead: timedOut(after: 0.02 seconds)")
    }

    @Test("an attempt that is in time is not disturbed by its limit")
    func inTime() async throws {
        _ = try await pool.enqueue([try Job(Scripted.self, "quick", timeout: .seconds(60))])
        try await withWorkers([worker(Scripted { _, _ in .done })]) {
            let outcomes = try await events.ended()
            #expect(outcomes == ["done"])
        }
    }

    @Test("a job is of its enqueuer's trace, and what its handler enqueues of the same")
    func trace() async throws {
        _ = try await pool.enqueue([try Job(Scripted.self, "first", trace: "00-trace")])
        let traces = Mailbox(of: String?.self)
        let handler = Scripted { [pool] payload, context in
            traces.put(context.trace)
            if payload == "first" { _ = try await pool.enqueue([try Job(Scripted.self, "second")]) }
            return .done
        }
        try await withWorkers([worker(handler)]) {
            let seen = try await traces.collect(2)
            #expect(seen == ["00-trace", "00-trace"])
            try await events.ended(2)
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.history WHERE trace = '00-trace'") == 2)
    }

    @Test("what a handler reports of its progress is there to be seen while it runs, and gone when it waits again")
    func progress() async throws {
        let id = try await pool.enqueue("long")
        let (told, go) = (Mailbox(of: Void.self), Mailbox(of: Void.self))
        let handler = Scripted { _, context in
            context.report(progress: 0.25, note: "a quarter")
            told.put(())
            try await go.next()
            return .snooze(.seconds(600))
        }
        try await withWorkers([worker(handler, lease: .milliseconds(300))]) {
            try await told.next()
            try await events.drain { if case .renewed(let count) = $0 { count == 1 } else { false } }
            let note: Statement = "SELECT count(*) FROM queue.job WHERE progress = 0.25 AND progress_note = 'a quarter'"
            let seen = try await pool.count(note)
            #expect(seen == 1)
            go.put(())
            try await events.ended()
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.job WHERE progress IS NOT NULL") == 0)
        #expect(try await pool.row(id) == "scheduled 0 - -")
    }
}

/// A handler of the second version, which counts in cents what the first counted in units.
private struct Pay: JobHandler {
    static let kind = Scripted.kind
    static let version = 2

    struct Payload: Codable, Sendable {
        var cents: Int
    }

    let paid: Mailbox<Int>

    static func upgrade(_ json: Data, from version: Int) throws -> Payload {
        guard version == 1 else { throw JobError.unknownVersion(version) }
        return Payload(cents: try JSONDecoder().decode(Int.self, from: json) * 100)
    }

    func run(_ payload: Payload, _ context: JobContext) async throws -> JobOutcome {
        paid.put(payload.cents)
        return .done
    }
}

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct PayloadVersionTests {
    /// The first version of ``Pay``.
    private struct PayOnce: JobHandler {
        static let kind = Scripted.kind
        func run(_ units: Int, _ context: JobContext) async throws -> JobOutcome { .done }
    }

    @Test("a payload of an older version is upgraded, one of the same version is read as it is")
    func upgrade() async throws {
        let pool = try await queuePool()
        _ = try await pool.enqueue([try Job(PayOnce.self, 7), try Job(Pay.self, Pay.Payload(cents: 5))])
        let paid = Mailbox(of: Int.self)
        let worker = Worker(name: "w", pool: pool, handlers: [Pay(paid: paid)])
        try await withWorkers([worker]) {
            let cents = try await paid.collect(2)
            #expect(cents.sorted() == [5, 700])
        }
    }

    @Test("a payload of a newer version is left to a newer worker, uncharged")
    func newer() async throws {
        let pool = try await queuePool()
        let id = try #require(try await pool.enqueue([try Job(Pay.self, Pay.Payload(cents: 5))]).first)
        let events = Mailbox(of: WorkerEvent.self)
        let worker = Worker(name: "old", pool: pool, handlers: [PayOnce()]).observed { events.put($0) }
        try await withWorkers([worker]) {
            let outcomes = try await events.ended()
            #expect(outcomes == ["postponed"])
        }
        #expect(try await pool.row(id) == "scheduled 0 - -")
    }
}
