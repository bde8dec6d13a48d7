import Logging
import Postgres
import Synchronization

extension Shift {
    /// Claims and starts until told to stop.
    func keepClaiming(_ handlers: inout DiscardingTaskGroup) async {
        while !Task.isCancelled {
            switch book.withLock({ $0.pace.next() }) {
            case .claim(let count): await claim(count, &handlers)
            case .wait: await doorbell.wait()
            case .stop: return
            }
        }
    }

    private func claim(_ limit: Int, _ handlers: inout DiscardingTaskGroup) async {
        if book.withLock({ $0.throttled == nil }) { await noteThrottles() }
        let start = ContinuousClock.now
        guard let (request, throttled, isSweep) = book.withLock({ $0.ask(limit, for: plan.claimant, at: start) }) else {
            return
        }
        let lowestEpoch = book.withLock { $0.epochs.lowest }
        let claims: [Claim]
        do {
            claims = try await plan.pool.withSession { session in
                try await throttled.isEmpty
                    ? JobQueue.claim(request, in: session)
                    : JobQueue.claim(request, within: throttled, from: lowestEpoch, in: session)
            }
        } catch {
            // Leases taken by a claim whose answer was lost run out and are rescued.
            return failed("claim", error)
        }
        let leases = claims.map { Lease($0, duration: plan.claimant.leaseDuration) }
        book.withLock { book in
            let end = ContinuousClock.now
            if isSweep { book.sweeps.done(from: start, to: end, pause: plan.pollInterval) }
            book.took(leases, of: limit, at: end)
        }
        if !leases.isEmpty { report(.claimed(count: leases.count)) }
        for lease in leases {
            handlers.addTask { await self.run(lease) }
        }
    }

    /// Runs one attempt and leaves its verdict to be settled.
    private func run(_ lease: Lease) async {
        let entry = plan.handlers[lease.claim.kind]
        let started = ContinuousClock.now
        report(.started(kind: lease.claim.kind, waited: lease.claim.waited))
        // A task of its own, because a task group cannot cancel one child and a lost lease must.
        let clock = plan.clock
        let attempt = Task { await entry.verdict(on: lease, clock: clock) }
        lease.handlerStarted { attempt.cancel() }
        let verdict = await withTaskCancellationHandler {
            await attempt.value
        } onCancel: {
            attempt.cancel()
        }
        report(.ran(kind: lease.claim.kind, ContinuousClock.now - started))
        handlerEnded(lease, verdict)
    }

    private func handlerEnded(_ lease: Lease, _ verdict: Settlement.Verdict) {
        let claim = lease.claim
        switch lease.standing({ $0.handlerEnded() }) {
        case .settle:
            book.withLock { $0.verdicts.append(Settlement(fence: claim.fence, verdict: verdict)) }
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

    /// Gives the slots of settled leases to the next.
    func free(_ fences: [Fence]) {
        let isEmpty = book.withLock { book in
            let freed = fences.count { book.leases.removeValue(forKey: $0.leaseEpoch) != nil }
            book.pace.freed(freed)
            // Where limits cut the last claim short, a job that ended makes room for another.
            if book.throttled?.isEmpty == false { book.pace.nudged() }
            return book.leases.isEmpty
        }
        doorbell.raise()
        if isEmpty { idle.raise() }
    }
}
