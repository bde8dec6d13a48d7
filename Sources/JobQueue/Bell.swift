public import Logging
import Metrics
public import Postgres
public import ServiceLifecycle
import Synchronization

/// Wakes workers after a commit: those of this process at once, those of others by NOTIFY.
///
/// Ring it when the transaction that enqueued has committed; earlier, a woken worker would look and find nothing.
/// Notifications are sent outside of any enqueueing transaction, because PostgreSQL serialises the commits of all
/// transactions that notify, and of each queue at most one in each hundredth of a second, however many processes have bells; see
/// <doc:0009-a-notification-is-a-row>. A ring that is lost costs one poll interval.
public final class Bell: Service {
    /// The channel of all queues; the payload is the queue's name.
    static let channel = "queue_wake"
    /// How long it rests after each notification: as long as a moment of `queue.wake`.
    private static let interval = Duration.milliseconds(10)

    private struct State {
        var rung: Set<String> = []
        /// To be tried once more: some other bell had just notified of these, maybe before they were rung.
        var late: Set<String> = []
        var listeners: [Int: (queues: Set<String>, wake: @Sendable () -> Void)] = [:]
        var nextListener = 0
    }

    private let pool: Pool
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let state = Mutex(State())
    private let rings = Signal()

    public init(
        pool: Pool,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger = Logger(label: "JobQueue.Bell")
    ) {
        self.pool = pool
        self.clock = clock
        self.logger = logger
    }

    /// Says that these queues have new jobs. Never waits; may be called from anywhere.
    public func ring(_ queues: String...) { ring(Set(queues)) }

    func ring(_ queues: Set<String>) {
        guard !queues.isEmpty else { return }
        let woken = state.withLock { state in
            state.rung.formUnion(queues)
            return state.listeners.values.filter { !$0.queues.isDisjoint(with: queues) }.map(\.wake)
        }
        for wake in woken { wake() }
        rings.raise()
    }

    /// Sends notifications until a graceful stop or cancellation.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.rings.wait()
                await self.notify()
                // Ends early only by cancellation.
                _ = try? await self.clock.sleep(for: Self.interval)
            }
        }
    }

    private func notify() async {
        let (rung, late) = state.withLock { state in
            defer { (state.rung, state.late) = ([], []) }
            return (state.rung, state.late)
        }
        let queues = rung.union(late).sorted()
        guard !queues.isEmpty else { return }
        do {
            let notified = try await pool.rows(Self.notification(of: queues)).map { try $0.decode(0, as: String.self) }
            // If these lose again, the winner notified after they were rung.
            putOff(rung.subtracting(notified))
        } catch {
            if Task.isCancelled { return }
            logger.debug("Workers elsewhere may find these jobs only by polling", metadata: ["error": "\(error)"])
            Counter(label: "jobqueue_statement_failed_total", dimensions: [("statement", "notify")]).increment()
            putOff(rung)
        }
    }

    /// Notifies of those of `queues` of which nobody has in this moment, and returns them. In one order, so that two bells cannot
    /// deadlock.
    private static func notification(of queues: [String]) -> Statement {
        """
        WITH first AS (
            INSERT INTO queue.wake (queue) SELECT unnest(\(queues)::text[]) ON CONFLICT DO NOTHING RETURNING queue
        )
        SELECT queue, pg_notify(\(channel), queue) FROM first
        """
    }

    private func putOff(_ queues: Set<String>) {
        guard !queues.isEmpty else { return }
        state.withLock { $0.late = queues }
        rings.raise()
    }

    /// A worker's wish to be woken, until cancelled.
    struct Registration: Sendable {
        let cancel: @Sendable () -> Void
    }

    func register(for queues: [String], wake: @escaping @Sendable () -> Void) -> Registration {
        let id = state.withLock { state in
            defer { state.nextListener += 1 }
            state.listeners[state.nextListener] = (Set(queues), wake)
            return state.nextListener
        }
        return Registration { _ = self.state.withLock { $0.listeners.removeValue(forKey: id) } }
    }
}
