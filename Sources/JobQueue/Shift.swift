import Logging
import Postgres
import ServiceLifecycle
import Synchronization

/// One run of a worker, from its first claim to the last lease handed back.
///
/// A few small loops share this: polling, claiming, settling, beating, unblocking, pruning and listening. Each waits for a
/// signal or a timer, reads the book, and sends one statement; none holds a session while it waits.
final class Shift: Sendable {
    let plan: Worker.Plan
    let book: Mutex<ShiftBook>
    /// Raised when ``Pace`` may decide anew.
    let doorbell = Signal()
    /// Raised when there are verdicts to store.
    let ledger = Signal()
    /// Raised when the last lease is gone.
    let idle = Signal()
    /// Who runs the handlers.
    let crew = Mutex(Crew())
    /// Raised when the last runner has left.
    let returned = Signal()
    private let metrics: WorkerMetrics

    init(_ plan: Worker.Plan) {
        self.plan = plan
        metrics = WorkerMetrics(kinds: plan.claimant.kinds)
        book = Mutex(ShiftBook(slots: plan.concurrency, lanes: Lane.all(of: plan.claimant.queues)))
    }

    func work() async {
        let registration = plan.bell?.register(for: plan.claimant.queues) { self.nudge() }
        await withTaskGroup(of: Void.self) { loops in
            loops.addTask { await self.keepPolling() }
            loops.addTask { await self.keepSettling() }
            loops.addTask { await self.keepBeating() }
            loops.addTask { await self.keepUnblocking() }
            loops.addTask { await self.keepPruning() }
            loops.addTask { await self.keepListening() }
            await withGracefulShutdownHandler {
                await self.serve()
            } onGracefulShutdown: {
                self.stopClaiming()
            }
            loops.cancelAll()
        }
        registration?.cancel()
        // Also when this task is cancelled, so that others need not wait for the leases to run out.
        await Task { await self.handBackEverything() }.value
    }

    /// Something may be there to claim.
    func nudge() {
        book.withLock { $0.pace.nudged() }
        doorbell.raise()
    }

    func report(_ event: WorkerEvent) {
        metrics.record(event)
        plan.observer(event)
    }

    func failed(_ doing: String, _ error: any Error) {
        // Cut short by this worker's own end.
        if Task.isCancelled { return }
        plan.logger.warning("A job queue statement failed", metadata: ["doing": "\(doing)", "error": "\(error)"])
        report(.failed(doing: doing))
    }

    /// Begins a graceful stop, also of a shift that has not begun.
    func stopClaiming() {
        book.withLock { $0.pace.stopped() }
        doorbell.raise()
    }

    private func serve() async {
        await withTaskCancellationHandler {
            await keepClaiming()
            await drain()
            await handlersReturned()
        } onCancel: {
            cancelHandlers()
        }
    }

    func cancelHandlers() {
        for lease in book.withLock({ Array($0.leases.values) }) { lease.cancelHandler() }
    }

    /// Waits for the handlers; then cancels them and waits a moment more; then hands back what is still held.
    private func drain() async {
        if await isIdle(within: plan.drainLimit) { return }
        cancelHandlers()
        if await isIdle(within: .seconds(1)) { return }
        await handBackEverything()
    }

    private func isIdle(within limit: Duration) async -> Bool {
        await withTaskGroup(of: Void.self) { race in
            race.addTask {
                while !Task.isCancelled, !self.book.withLock({ $0.leases.isEmpty }) { await self.idle.wait() }
            }
            race.addTask {
                // Ends early only by cancellation, which ends the race as well.
                _ = try? await self.plan.clock.sleep(for: limit)
            }
            await race.next()
            race.cancelAll()
        }
        return book.withLock { $0.leases.isEmpty }
    }

    /// Stores the verdicts there are and gives every other lease back, in one statement.
    private func handBackEverything() async {
        let leases = book.withLock { Array($0.leases.values) }
        let surrendered = leases.filter { $0.standing { $0.surrender() } }
        book.withLock { book in
            book.verdicts += surrendered.map { Settlement($0.claim, .handedBack) }
        }
        await settleAll()
    }
}
