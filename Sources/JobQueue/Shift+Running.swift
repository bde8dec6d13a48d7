import Logging
import Postgres
import Synchronization

extension Shift {
    /// How long a runner keeps a thread to itself before it lets the shift's own loops have it: where handlers never wait
    /// for anything, heartbeats would otherwise wait for all of them.
    private static let stint = Duration.milliseconds(1)

    func run(_ leases: [Lease]) {
        guard !leases.isEmpty else { return }
        if crew.withLock({ $0.add(leases) }) { callRunner() }
    }

    /// Returns once every handler has returned, also when this task is cancelled.
    func handlersReturned() async {
        await Task {
            while self.crew.withLock({ $0.runners > 0 }) { await self.returned.wait() }
        }.value
    }

    private func callRunner() {
        Runner().start { runner in
            self.crew.withLock { $0.began() }
            await self.runAttempts(by: runner)
            if self.crew.withLock({ $0.runners == 0 }) { self.returned.raise() }
        }
    }

    /// Runs what waits to be run until nothing does, or until the task is cancelled for one of them.
    private func runAttempts(by runner: Runner) async {
        var stintEnd = ContinuousClock.now + Self.stint
        while case .run(let lease, let callsAnother) = crew.withLock({ $0.next() }) {
            if callsAnother { callRunner() }
            let end = await run(lease, by: runner)
            if lease.wasCancelled || Task.isCancelled {
                if crew.withLock({ $0.retired() }) { callRunner() }
                return
            }
            if end >= stintEnd {
                await Task.yield()
                stintEnd = .now + Self.stint
            }
        }
    }

    /// Runs one attempt and leaves its verdict to be settled. Returns when its handler ended.
    private func run(_ lease: Lease, by runner: Runner) async -> ContinuousClock.Instant {
        let claim = lease.claim
        let entry = plan.handlers[claim.kind]
        let start = ContinuousClock.now
        report(.started(kind: claim.kind, waited: claim.waited))
        lease.handlerStarted(by: runner)
        let verdict = await entry.verdict(on: lease, clock: plan.clock)
        let end = ContinuousClock.now
        handlerEnded(lease, verdict)
        report(.ran(kind: claim.kind, end - start))
        return end
    }

    private func handlerEnded(_ lease: Lease, _ verdict: Settlement.Verdict) {
        let claim = lease.claim
        switch lease.handlerEnded() {
        case .settle:
            book.withLock { $0.verdicts.append(Settlement(claim, verdict)) }
            ledger.raise()
        case .completed:
            report(.ended(jobID: claim.jobID, kind: claim.kind, outcome: "done"))
            free([claim.fence])
        case .surrendered:
            break
        case .refuse:
            refuse(claim.fence)
            free([claim.fence])
        }
    }

    func refuse(_ fence: Fence) {
        plan.logger.warning(
            "A late attempt changed nothing: its lease was lost",
            metadata: ["job": "\(fence.jobID)", "epoch": "\(fence.leaseEpoch)"]
        )
        report(.stale(jobID: fence.jobID))
    }
}
