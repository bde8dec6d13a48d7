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
        let claimed: Claimed
        do {
            claimed = try await plan.pool.withSession { session in
                try await throttled.isEmpty
                    ? JobQueue.claim(request, in: session)
                    : JobQueue.claim(request, within: throttled, in: session)
            }
        } catch {
            // Leases taken by a claim whose answer was lost run out and are rescued. The next server may be another one, whose
            // numbers lie behind.
            book.withLock { book in
                book.lowestBeat = 0
                book.served.untold(request.served)
            }
            return failed("claim", error)
        }
        let leases = claimed.claims.map { Lease($0, duration: plan.claimant.leaseDuration) }
        book.withLock { book in
            let end = ContinuousClock.now
            if isSweep { book.sweeps.done(from: start, to: end, pause: plan.pollInterval) }
            book.isCrowded = claimed.isCrowded
            if let lowestBeat = claimed.lowestBeat { book.lowestBeat = lowestBeat }
            book.took(leases, of: limit, at: end)
        }
        if !leases.isEmpty { report(.claimed(count: leases.count)) }
        // What is cancelled from here on is cancelled by `cancelHandlers`, which finds these in the book.
        if Task.isCancelled { cancelHandlers() }
        run(leases)
    }

    /// Gives the slots of settled attempts to the next, and returns the kinds of their jobs.
    ///
    /// - Parameter forgotten: Leases that the database has forgotten already.
    @discardableResult
    func free(_ fences: some Collection<Fence>, forgotten: [Int64] = []) -> [String] {
        let (kinds, isEmpty, isLeaseEmpty) = book.withLock { book in
            let freed = fences.map { book.remove($0)?.claim.kind }
            book.emptied.subtract(forgotten)
            book.pace.freed(freed.count { $0 != nil })
            // Where limits cut the last claim short, a job that ended makes room for another.
            if book.throttled?.isEmpty == false { book.pace.nudged() }
            return (freed.map { $0 ?? "" }, book.leases.isEmpty, !book.emptied.isEmpty)
        }
        doorbell.raise()
        if isLeaseEmpty { ledger.raise() }
        if isEmpty { idle.raise() }
        return kinds
    }
}
