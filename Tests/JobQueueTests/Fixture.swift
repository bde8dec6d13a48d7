import FoundationEssentials
import Logging
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobQueue

/// Sessions with this test's own database, in which there is a queue and nothing else: the library stands alone.
func queuePool() async throws -> Pool {
    let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        + "/Migrations"
    let pool = FreshDatabase.current.pool
    for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where file.contains("_queue") {
        let bytes = try Data(contentsOf: URL(filePath: folder + "/" + file))
        try await pool.withSession { try await $0.script(unchecked: String(decoding: bytes, as: UTF8.self)) }
    }
    return pool
}

/// A handler that does what the test says.
struct Scripted: JobHandler {
    static let kind = "scripted"
    static let backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(2))

    let body: @Sendable (String, JobContext) async throws -> JobOutcome

    init(_ body: @escaping @Sendable (String, JobContext) async throws -> JobOutcome) {
        self.body = body
    }

    func run(_ payload: String, _ context: JobContext) async throws -> JobOutcome {
        try await body(payload, context)
    }
}

/// What a handler of a test throws.
struct Trouble: Error, CustomStringConvertible {
    let description: String
}

/// Suspends until the task is cancelled, then throws.
func untilCancelled() async throws {
    try await Mailbox(of: Void.self).next()
}

/// Things that happen in one task and are awaited, in order, in another.
struct Mailbox<Item: Sendable>: Sendable {
    private let stream: AsyncStream<Item>
    private let continuation: AsyncStream<Item>.Continuation

    init(of type: Item.Type = Item.self) {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func put(_ item: Item) {
        continuation.yield(item)
    }

    func next() async throws -> Item {
        for await item in stream { return item }
        throw CancellationError()
    }

    /// Takes items until `isLast` says so.
    func drain(until isLast: (Item) -> Bool) async throws {
        while !isLast(try await next()) {}
    }

    func collect(_ count: Int) async throws -> [Item] {
        var items: [Item] = []
        while items.count < count { items.append(try await next()) }
        return items
    }
}

extension Mailbox<WorkerEvent> {
    /// Waits until the end of so many attempts is stored, and returns their outcomes.
    @discardableResult
    func ended(_ count: Int = 1) async throws -> [String] {
        var outcomes: [String] = []
        while outcomes.count < count {
            if case .ended(_, _, let outcome) = try await next() { outcomes.append(outcome) }
        }
        return outcomes
    }
}

extension Pool {
    func enqueue(_ jobs: [Job]) async throws -> [Int64] {
        try await transaction { session in try JobQueue.enqueue(jobs, in: session) }
    }

    func enqueue(_ payload: String, maxAttempts: Int = 25, uniqueKey: String? = nil) async throws -> Int64 {
        let job = try Job(Scripted.self, payload, maxAttempts: maxAttempts, uniqueKey: uniqueKey)
        return try #require(try await enqueue([job]).first)
    }

    func claim(_ limit: Int, as name: String = "somebody", lease: Duration = .seconds(60)) async throws -> [Claim] {
        let claimant = Claimant(name: name, queues: ["default"], kinds: [Scripted.kind], leaseDuration: lease)
        return try await claim(limit, for: claimant)
    }

    func claim(_ limit: Int, for claimant: Claimant, isCrowded: Bool = false) async throws -> [Claim] {
        let request = ClaimRequest(claimant: claimant, limit: limit, isCrowded: isCrowded)
        return try await withSession { session in try await JobQueue.claim(request, in: session) }.claims
    }

    /// Returns the fence where it still held the job.
    func settle(_ fence: Fence, _ verdict: Settlement.Verdict) async throws -> Set<Fence> {
        let settlement = Settlement(fence: fence, verdict: verdict)
        let settled = try await withSession { session in try await JobQueue.settle([settlement], in: session) }
        return Set([fence]).subtracting(settled.stale)
    }

    func settle(_ claim: Claim, _ verdict: Settlement.Verdict) async throws {
        let settlement = Settlement(claim, verdict)
        _ = try await withSession { session in try await JobQueue.settle([settlement], in: session) }
    }

    /// Returns when so many statements of this database wait for locks. Asks the server as often as it answers.
    func untilSomebodyWaits(_ waiters: Int = 1) async throws {
        let waiting: Statement = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        for _ in 0..<100_000 where try await count(waiting) >= waiters { return }
        Issue.record("nobody waits")
    }

    /// The jobs that come back from lost workers.
    func rescue() async throws -> [Int64] {
        try await withSession { session in try await JobQueue.rescue(in: ["default"], session: session) }.returned
    }

    /// Where an unfinished job stands, as text to compare.
    func row(_ jobID: Int64) async throws -> String? {
        try await rows(
            """
            SELECT state || ' ' || attempt_count || ' ' || coalesce(lease_epoch::text, '-') || ' '
                || coalesce(worker_name, '-') AS row
              FROM queue.job_now WHERE job_id = \(jobID)
            """
        ).first?.decode("row")
    }

    /// How a job ended: its outcome and reason.
    func end(_ jobID: Int64) async throws -> String? {
        try await rows(
            "SELECT outcome || coalesce(': ' || reason, '') AS ended FROM queue.history WHERE job_id = \(jobID)"
        ).first?.decode("ended")
    }

    /// The reasons of a job's failed attempts, in order.
    func failures(_ jobID: Int64) async throws -> [String] {
        try await rows(
            "SELECT reason FROM queue.failure WHERE job_id = \(jobID) ORDER BY lease_epoch"
        ).map { try $0.decode("reason") }
    }

    func count(_ statement: Statement) async throws -> Int {
        try await rows(statement).first?.decode(0, as: Int.self) ?? 0
    }
}

/// Runs `body` beside `workers`, then stops them gracefully and waits for their end.
func withWorkers(_ workers: [any Service], _ body: () async throws -> Void) async throws {
    let group = ServiceGroup(services: workers, logger: Logger(label: "test"))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        try await body()
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}
