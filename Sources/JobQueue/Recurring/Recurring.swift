public import Logging
import Metrics
public import Postgres
public import ServiceLifecycle

/// Enqueues the jobs of what was registered with ``JobQueue/JobQueue/register(_:in:)`` when they are due.
///
/// Run one in every program: one of them leads, the others wait to follow it. Leading only saves work. That a tick makes
/// one job is held by the database, so two that believe to lead do no harm.
public struct Recurring: Service {
    private let pool: Pool
    private let leader: Leader
    private let bell: Bell?
    private let pollInterval: Duration
    private let tickRetention: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger
    private var observer: @Sendable (RecurringEvent) -> Void = { _ in }

    /// - Parameters:
    ///   - name: Who leads, for people who look.
    ///   - bell: Rung for the queues that have new jobs.
    ///   - pollInterval: How late a tick may be that was registered, or whose clock was moved, while the leader slept.
    ///   - leaseDuration: How soon another leads when the leader is lost.
    ///   - tickRetention: How long `queue.tick` remembers.
    ///   - clock: Only wakes; when a tick is due is `queue.now()`'s to say.
    public init(
        name: String,
        pool: Pool,
        bell: Bell? = nil,
        pollInterval: Duration = .seconds(1),
        leaseDuration: Duration = .seconds(15),
        tickRetention: Duration = .seconds(90 * 86_400),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger = Logger(label: "JobQueue.Recurring")
    ) {
        precondition(pollInterval > .zero, "a poll interval is above zero")
        leader = Leader(
            "queue.recurring", holder: name, pool: pool, leaseDuration: leaseDuration, clock: clock, logger: logger
        )
        self.pool = pool
        self.bell = bell
        self.pollInterval = pollInterval
        self.tickRetention = tickRetention
        self.clock = clock
        self.logger = logger
    }

    /// The same scheduler, telling `observer` of every event once it is so.
    package func observed(by observer: @escaping @Sendable (RecurringEvent) -> Void) -> Recurring {
        var recurring = self
        recurring.observer = observer
        return recurring
    }

    /// Leads, or waits to, until a graceful stop or cancellation. Outlives its database.
    public func run() async throws {
        try await leader.run { leadership in
            observer(.leading(epoch: leadership.epoch))
            while !Task.isCancelled {
                let wait = await pass()
                // Ends early only by cancellation, which the loop sees.
                _ = try? await clock.sleep(for: min(wait, pollInterval))
            }
        }
    }

    /// Enqueues what is due, a transaction for each recurrence, and returns how long until the next is.
    ///
    /// Needs no leadership. One that fails is tried again at the next pass, and keeps none of the others waiting.
    package func pass() async -> Duration {
        var place: JobQueue.DueRecurrences.Place?
        var wait: Duration?
        var tickCount = 0
        repeat {
            let start = place
            guard let due = await tried("look", { try JobQueue.dueRecurrences(after: start, in: $0) }) else { break }
            tickCount += await tick(due.names)
            (place, wait) = (due.next, due.wait)
        } while place != nil && !Task.isCancelled
        guard tickCount > 0 else { return wait ?? pollInterval }
        Counter(label: "jobqueue_tick_total").increment(by: tickCount)
        // Where there are no new ticks there are none to forget.
        let age = tickRetention
        _ = await tried("prune") { try JobQueue.pruneTicks(olderThan: age, in: $0) }
        return wait ?? pollInterval
    }

    /// Enqueues what is due of these, and returns how many ticks that were.
    private func tick(_ names: [String]) async -> Int {
        var tickCount = 0
        for name in names {
            let ticking = await tried("tick \(name)") { try JobQueue.tick(name, in: $0) }
            guard let ticking, ticking.tickCount > 0 else { continue }
            tickCount += ticking.tickCount
            for queue in ticking.queues { bell?.ring(queue) }
            observer(.ticked(name: name, jobIDs: ticking.jobIDs))
        }
        return tickCount
    }

    private func tried<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (isolated Session) throws -> Value
    ) async -> Value? {
        do {
            return try await pool.transaction(body)
        } catch {
            // Cut short by this scheduler's own end.
            guard !Task.isCancelled else { return nil }
            logger.warning("A scheduler's statement failed", metadata: ["doing": "\(doing)", "error": "\(error)"])
            Counter(label: "jobqueue_statement_failed_total", dimensions: [("statement", "tick")]).increment()
            return nil
        }
    }
}

/// Something a scheduler did. Tests wait for them.
package enum RecurringEvent: Sendable, Equatable {
    case leading(epoch: Int64)
    case ticked(name: String, jobIDs: [Int64])
}
