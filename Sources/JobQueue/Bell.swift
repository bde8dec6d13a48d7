public import Logging
public import Postgres
public import ServiceLifecycle
import Synchronization

/// Wakes workers after a commit: those of this process at once, those of others by NOTIFY.
///
/// Ring it when the transaction that enqueued has committed; earlier, a woken worker would look and find nothing.
/// Notifications are sent outside of any enqueueing transaction, because PostgreSQL serialises the commits of all
/// transactions that notify, and each queue at most once per `interval`. A ring that is lost costs one poll interval.
public final class Bell: Service {
    /// The channel of all queues; the payload is the queue's name.
    static let channel = "queue_wake"

    private struct State {
        var rung: Set<String> = []
        var listeners: [Int: (queues: Set<String>, wake: @Sendable () -> Void)] = [:]
        var nextListener = 0
    }

    private let pool: Pool
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let state = Mutex(State())
    private let rings = Signal()

    public init(
        pool: Pool,
        interval: Duration = .milliseconds(10),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger = Logger(label: "JobQueue.Bell")
    ) {
        self.pool = pool
        self.interval = interval
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
                _ = try? await self.clock.sleep(for: self.interval)
            }
        }
    }

    private func notify() async {
        let queues = state.withLock { state in
            defer { state.rung = [] }
            return state.rung.sorted()
        }
        guard !queues.isEmpty else { return }
        do {
            _ = try await pool.rows(
                "SELECT pg_notify(\(Self.channel), queue) FROM unnest(\(queues)::text[]) AS rung (queue)"
            )
        } catch {
            logger.debug("Workers elsewhere find these jobs by polling", metadata: ["error": "\(error)"])
        }
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
