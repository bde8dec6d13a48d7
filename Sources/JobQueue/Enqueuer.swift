public import Postgres

/// Enqueues single jobs of many tasks, which share commits where they come together.
///
/// With no company a job is written at once. Jobs that come while others are being written are written with all that came
/// meanwhile, in one commit: eight tasks that each wait for their own job cost about an eighth of the commits.
///
/// A job that is to exist only together with other data is no case for this: it belongs into their transaction, with
/// ``JobQueue/JobQueue/enqueue(_:in:)-(_,Session)``.
public final class Enqueuer: Sendable {
    /// How many jobs are written at a time, at most: as many as one statement with arrays is best for.
    static let groupLimit = 128
    /// How many jobs wait to be written, at most; more are written alone.
    static let waitingLimit = 10_000

    private let pool: Pool
    private let bell: Bell
    /// Jobs that nothing but the server can keep waiting.
    private let free: GroupCommit<Job, Answer>
    /// Jobs with unique keys, or after others. Who holds such a key keeps none but these waiting.
    private let ruled: GroupCommit<Job, Answer>

    /// What became of one job of a group.
    private enum Answer {
        case stored(Int64?)
        case failed(any Error)
        /// Nothing was stored, because of this or another job of the group.
        case alone
    }

    /// - Parameter pool: Two of its sessions are used at a time, and more only for what is written alone.
    public convenience init(pool: Pool, bell: Bell) {
        self.init(pool: pool, bell: bell, waitingLimit: Self.waitingLimit)
    }

    init(pool: Pool, bell: Bell, waitingLimit: Int) {
        self.pool = pool
        self.bell = bell
        free = GroupCommit(limit: Self.groupLimit, bound: waitingLimit) { group in
            // Those whom the last group has answered come back first.
            await Task.yield()
            return await Self.write(group, then: bell) {
                // One statement commits by itself.
                try await pool.withSession { session in try await JobQueue.enqueueEach(group, in: session) }
            }
        }
        ruled = GroupCommit(limit: Self.groupLimit, bound: waitingLimit) { group in
            await Task.yield()
            return await Self.write(group, then: bell) {
                try await pool.transaction { session in try JobQueue.enqueueEach(group, in: session) }
            }
        }
    }

    /// How many jobs wait until those before them are written.
    public var waitingCount: Int { free.waitingCount + ruled.waitingCount }

    /// Stores `job`, rings the bell of its queue, and returns its id, or `nil` where its unique key is taken.
    ///
    /// When this returns the job is committed, as durably as the server's `synchronous_commit` has it. What the job is refused for
    /// is its own affair: the others of its group are stored. A connection lost while they were written fails all of them, and,
    /// as for a statement of one's own, leaves open whether they exist: nothing that may be stored is tried again, so whoever
    /// tries again gives the job a unique key. Cancelling the caller does not take the job back: this returns when it is stored.
    ///
    /// - Throws: ``JobError/unknownPredecessors(_:)``, what PostgreSQL says of values out of bounds, and that it cannot be reached.
    @discardableResult
    public func enqueue(_ job: Job) async throws -> Int64? {
        // The last word of several callers who replace one job is one of theirs, but each wants its id: so one by one.
        guard !job.replaces else { return try await enqueueAlone(job) }
        switch await (job.isFree ? free : ruled).submit(job) {
        case .stored(let id)?: return id
        case .failed(let error)?: throw error
        case .alone?, nil: return try await enqueueAlone(job)
        }
    }

    /// In a task of its own, which the caller's cancellation does not reach.
    private func enqueueAlone(_ job: Job) async throws -> Int64? {
        try await Task { [pool, bell] in
            let id = try await JobQueue.enqueue([job], in: pool).first
            if id != nil { bell.ring(job.queue) }
            return id
        }.value
    }

    private static func write(
        _ group: GroupCommit<Job, Answer>.Group, then bell: Bell, _ store: () async throws -> [Int64?]
    ) async -> [Answer] {
        do {
            let ids = try await store()
            bell.ring(Set(zip(group(), ids).compactMap { job, id in id == nil ? nil : job.queue }))
            return ids.map { .stored($0) }
        } catch {
            let isShared = group().count > 1
            return group().map { _ in isShared && isOfOneJob(error) ? .alone : .failed(error) }
        }
    }

    /// Whether a group was refused as a whole, so that nothing of it is stored, for what may lie with one of its jobs.
    static func isOfOneJob(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return error is JobError }
        return switch error.kind {
        case .check, .notNull, .unique, .foreignKey, .exclusion, .other, .usage: true
        // It waited for somebody, or somebody for it.
        case .lockTimeout, .deadlock, .serialization: true
        // Without the server's word it was this side that lost patience, and nobody knows what the server does.
        case .statementTimeout: !error.sqlState.isEmpty
        case .connection, .shutdown, .tooManyConnections, .diskFull, .readOnly, .cancelled, .stalePlan, .decoding: false
        }
    }
}

extension Job {
    fileprivate var replaces: Bool { uniqueness?.conflict == .replace }
}
