import JobQueue
import Postgres
import Synchronization

/// How many claims a tenant with one job waits while another's 100,000 are being worked on, its own claim included.
///
/// Counted from the moment its job's commit is acknowledged. A claim that is on its way then cannot have seen the job,
/// so that one in the next claim is two. The result is the longest wait of all that were tried.
struct FairBench {
    let arena: BenchArena
    var tries = 20
    var crowd = 100_000

    private static let startLimit = Duration.seconds(30)

    func results() async throws -> [BenchResult] {
        let waits = try await arena.withDatabase { database in
            try await database.withSession { session in
                for start in stride(from: 0, to: crowd, by: 10_000) {
                    let jobs = try (start..<start + 10_000).map { number in
                        try Job(NoOpHandler.self, .init(number: number), tenant: "A")
                    }
                    try await JobQueue.enqueue(jobs, in: session)
                }
                return try await claims(database, session)
            }
        }
        BenchReport.note("claims until B's job started: \(waits)")
        guard waits.count == tries else {
            throw BenchFailure("the crowd was gone after \(waits.count) of \(tries) tries")
        }
        let longest = Double(waits.max() ?? 0)
        return [BenchResult(key: "queue.fair_batches", value: longest, unit: "1", goal: 2, holds: longest <= 2)]
    }

    private func claims(_ database: ArenaDatabase, _ session: Session) async throws -> [Int] {
        let watch = FairWatch()
        let worker = Worker(
            name: "bench",
            pool: Pool(database.configuration, size: 4),
            // Few at a time, so that the crowd's jobs last for all tries.
            concurrency: 50,
            handlers: [NoOpHandler { watch.started($0) }]
        ).observed { event in
            if case .claimed = event { watch.claimed() }
        }
        let working = Task { try await worker.run() }
        defer { working.cancel() }
        var waits: [Int] = []
        for number in 1...tries {
            try await Task.sleep(for: .milliseconds(50))
            // Without a crowd there is nothing to be fair in.
            guard try await hasWaiting(session) else { break }
            let job = try Job(NoOpHandler.self, .init(number: -number), tenant: "B")
            try await JobQueue.enqueue([job], in: session)
            let before = watch.claims
            try await wait(for: "B's job starts", atMost: Self.startLimit, every: .milliseconds(1)) {
                watch.claims(untilStartOf: -number) != nil
            }
            waits.append((watch.claims(untilStartOf: -number) ?? 0) - before)
        }
        return waits
    }

    private func hasWaiting(_ session: Session) async throws -> Bool {
        let rows = try await session.rows("SELECT EXISTS (SELECT FROM queue.job_now WHERE state = 'available')")
        return try rows.first?.decode(0) == true
    }
}

/// How many claims one worker has made, and after which of them each of B's jobs, whose numbers are negative, started.
private final class FairWatch: Sendable {
    private struct State {
        var claims = 0
        var startsOfB: [Int: Int] = [:]
    }

    private let state = Mutex(State())

    var claims: Int { state.withLock { $0.claims } }

    func claimed() {
        state.withLock { $0.claims += 1 }
    }

    func started(_ number: Int) {
        guard number < 0 else { return }
        state.withLock { $0.startsOfB[number] = $0.claims }
    }

    /// `nil` until it has started.
    func claims(untilStartOf number: Int) -> Int? {
        state.withLock { $0.startsOfB[number] }
    }
}
