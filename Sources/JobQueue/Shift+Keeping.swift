import Logging
import Postgres
import Synchronization

extension Shift {
    /// Polling is the truth: whatever was missed, this finds.
    func keepPolling() async {
        await every(plan.pollInterval) {
            await self.noteThrottles()
            self.nudge()
            if self.book.withLock({ !$0.verdicts.isEmpty || !$0.emptied.isEmpty }) { self.ledger.raise() }
        }
    }

    func noteThrottles() async {
        let claimant = plan.claimant
        do {
            let throttled = try await plan.pool.withSession { session in
                try await JobQueue.throttled(for: claimant, in: session)
            }
            book.withLock { $0.throttled = throttled }
        } catch {
            failed("throttles", error)
        }
    }

    /// Three times in a lease: prolongs all leases of this worker, then takes jobs from lost workers.
    ///
    /// In this order, because after an outage longer than a lease nobody's heartbeat was in time; a worker that lives
    /// must not begin by rescuing its own jobs. One that cannot send a heartbeat rescues nothing.
    func keepBeating() async {
        await rescue()
        await every(plan.claimant.leaseDuration / 3) {
            if await self.beat() { await self.rescue() }
        }
    }

    private func beat() async -> Bool {
        let leases = book.withLock { Array($0.leases.values) }.filter { $0.standing { $0.wantsHeartbeat } }
        guard !leases.isEmpty else { return true }
        let beats = leases.map { (fence: $0.claim.fence, progress: $0.progress) }
        let duration = plan.claimant.leaseDuration
        let alive: Set<Fence>
        do {
            alive = try await plan.pool.withSession { session in
                try await JobQueue.heartbeat(beats, leaseDuration: duration, in: session)
            }
        } catch {
            // The fence guards what matters; the next beat may still be in time.
            failed("heartbeat", error)
            return false
        }
        for lease in leases where !alive.contains(lease.claim.fence) && lease.standing({ $0.missed() }) {
            lease.cancelHandler()
        }
        report(.renewed(count: alive.count))
        return true
    }

    private func rescue() async {
        let queues = plan.claimant.queues
        let lowestBeat = book.withLock(\.lowestBeat)
        do {
            let rescue = try await plan.pool.withSession { session in
                try await JobQueue.rescue(in: queues, from: lowestBeat, session: session)
            }
            guard !rescue.returned.isEmpty || !rescue.dead.isEmpty else { return }
            plan.logger.warning(
                "Jobs of lost workers were rescued",
                metadata: ["returned": "\(rescue.returned)", "dead": "\(rescue.dead.map(\.jobID))"]
            )
            report(.rescued(returned: rescue.returned.count, dead: rescue.dead.count))
            for job in rescue.dead { report(.ended(jobID: job.jobID, kind: job.kind, outcome: "dead")) }
            nudge()
        } catch {
            failed("rescue", error)
        }
    }

    /// Turns notifications into nudges. After a reconnection some may have been missed, so that is a nudge too.
    func keepListening() async {
        guard let configuration = plan.listenerConfiguration else { return }
        let listener = Listener(configuration, channels: [Bell.channel]) { self.failed("listen", $0) }
        let queues = Set(plan.claimant.queues)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await listener.run()
                } catch is CancellationError {
                    return
                } catch {
                    self.failed("listen", error)
                }
            }
            for await event in listener.events {
                switch event {
                case .reconnected:
                    report(.listening)
                    nudge()
                case .notification(_, let queue):
                    if queues.contains(queue) { nudge() }
                }
            }
            group.cancelAll()
        }
    }

    /// Repeats `body` with `pause` before each time, until cancelled.
    func every(_ pause: Duration, _ body: () async -> Void) async {
        while !Task.isCancelled {
            do {
                try await plan.clock.sleep(for: pause)
            } catch {
                // Only cancellation wakes a sleeper early.
                return
            }
            await body()
        }
    }
}
