import JobQueue
import Postgres
import Synchronization

/// How long a claim of a hundred jobs takes beside ten million that are scheduled for later and a million that are
/// done, against the same on an empty queue.
///
/// Taken from outside, by what an application can see: a hundred jobs are enqueued, the bell of this process is rung,
/// and the clock stops when the first handler starts, which is when the claim has been answered. The two queues are on
/// one server and take turns.
struct ClaimBench {
    let arena: BenchArena
    var samples = 60

    private static let size = 100

    func results() async throws -> [BenchResult] {
        let times = try await arena.withDatabase("full") { full in
            try await QueueBacklog().fill(full)
            return try await arena.withDatabase("empty") { empty in
                try await Self.withClaims(in: full) { full in
                    try await Self.withClaims(in: empty) { empty in
                        try await alternate(full, empty)
                    }
                }
            }
        }
        let (full, empty) = (percentile(times.map(\.full), 0.5), percentile(times.map(\.empty), 0.5))
        BenchReport.note("claim of \(Self.size): \(full) ms beside a backlog, \(empty) ms without")
        return [BenchResult(ratio: "queue.claim_ratio", of: full, to: empty, atMost: 1.5)]
    }

    private func alternate(_ full: Claims, _ empty: Claims) async throws -> [(full: Double, empty: Double)] {
        var times: [(full: Double, empty: Double)] = []
        for number in 0..<(samples + 10) {
            let pair = (try await full.time(Self.size), try await empty.time(Self.size))
            // The first ones prepare statements and warm caches.
            if number >= 10 { times.append(pair) }
        }
        return times
    }

    private static func withClaims<Value: Sendable>(
        in database: ArenaDatabase,
        _ body: (Claims) async throws -> Value
    ) async throws -> Value {
        try await database.withSession { session in
            let claims = Claims(session: session, database: database, size: size)
            let working = Task { try await claims.worker.run() }
            do {
                let value = try await body(claims)
                working.cancel()
                try await working.value
                return value
            } catch {
                working.cancel()
                throw error
            }
        }
    }
}

/// A worker of this process, and when the handlers of its latest claim started.
private struct Claims: Sendable {
    let session: Session
    let worker: Worker
    private let bell: Bell
    private let starts: Starts

    private final class Starts: Sendable {
        let instants = Mutex<[Int64]>([])
    }

    init(session: Session, database: ArenaDatabase, size: Int) {
        let starts = Starts()
        bell = Bell(pool: Pool(database.configuration, size: 1))
        worker = Worker(
            name: "bench",
            pool: Pool(database.configuration, size: 4),
            bell: bell,
            concurrency: size,
            handlers: [NoOpHandler { _ in starts.instants.withLock { $0.append(MonotonicClock.nanoseconds) } }],
            // Only the bell starts a claim.
            pollInterval: .seconds(3_600)
        )
        (self.session, self.starts) = (session, starts)
    }

    /// Milliseconds from the bell to the first start of `count` jobs, enqueued before it.
    func time(_ count: Int) async throws -> Double {
        let jobs = try (0..<count).map { try NoOpHandler.job($0) }
        starts.instants.withLock { $0 = [] }
        try await JobQueue.enqueue(jobs, in: session)
        let rung = MonotonicClock.nanoseconds
        bell.ring("default")
        try await wait(for: "\(count) jobs start", atMost: .seconds(30), every: .milliseconds(2)) {
            starts.instants.withLock { $0.count == count }
        }
        // Time to store that they are done, and to find that there are no more.
        try await Task.sleep(for: .milliseconds(50))
        let first = starts.instants.withLock { $0.min() ?? rung }
        return Double(first - rung) / 1_000_000
    }
}
