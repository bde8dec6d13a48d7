import Logging
import Postgres
import Synchronization

extension Shift {
    /// Claims and starts until told to stop.
    func keepClaiming() async {
        while !Task.isCancelled {
            switch book.withLock({ $0.pace.next() }) {
            case .claim(let count): await claim(count)
            case .wait: await doorbell.wait()
            case .stop: return
            }
        }
    }

    private func claim(_ limit: Int) async {
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
        // What is cancelled from here on is cancelled by `cancelHandlers`, which finds these in the book.
        if Task.isCancelled { cancelHandlers() }
        run(leases)
    }

    /// Gives the slots of settled leases to the next, and returns the kinds of their jobs.
    @discardableResult
    func free(_ fences: some Collection<Fence>) -> [String] {
        let (kinds, isEmpty) = book.withLock { book in
            let freed = fences.map { book.leases.removeValue(forKey: $0.leaseEpoch)?.claim.kind }
            book.pace.freed(freed.count { $0 != nil })
            // Where limits cut the last claim short, a job that ended makes room for another.
            if book.throttled?.isEmpty == false { book.pace.nudged() }
            return (freed.map { $0 ?? "" }, book.leases.isEmpty)
        }
        doorbell.raise()
        if isEmpty { idle.raise() }
        return kinds
    }
}
