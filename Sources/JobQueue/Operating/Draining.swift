public import Postgres

/// What became of draining a queue.
public enum Draining: Sendable, Equatable {
    /// It rests and nothing of it runs, nor can begin to.
    case drained
    /// The time was up. It rests, and these still run; none where a claim that began before the pause may yet come out.
    case unfinished(running: [JobRecord])
}

extension JobQueue {
    /// Pauses `queue`, then waits until nothing of it runs, for `limit` at most. It stays paused in either case.
    ///
    /// Nobody is interrupted. What must not be waited for can be cancelled, which takes it from its worker.
    ///
    /// - Parameter clock: Only wakes this up to look again, five times a second.
    public static func drain<Timer: Clock<Duration>>(
        _ queue: String,
        reason: String? = nil,
        within limit: Duration,
        pool: Pool,
        clock: Timer = ContinuousClock()
    ) async throws -> Draining {
        let deadline = clock.now.advanced(by: limit)
        try await pool.transaction { session in try pause(queue, reason: reason, in: session) }
        let claims = try await pool.withSession { session in try await claimsUnderWay(of: queue, in: session) }
        while true {
            let (running, isSettled) = try await pool.withSession { session in
                // Claims first: one that ends between the two shows in the second.
                let remaining = try await claimsUnderWay(of: queue, in: session)
                let running = try await list(
                    JobFilter(queue: queue, state: .running), limit: listLimits.upperBound, in: session
                )
                return (running.jobs, claims.isDisjoint(with: remaining))
            }
            if running.isEmpty, isSettled { return .drained }
            guard clock.now < deadline else { return .unfinished(running: running) }
            try await clock.sleep(until: min(deadline, clock.now.advanced(by: .milliseconds(200))), tolerance: nil)
        }
    }

    /// The transactions that claim jobs of `queue` now.
    ///
    /// A claim has its queues to itself before it looks whether they rest. So one that did not see the pause is among those
    /// that have them once the pause is committed, and has come out when those are gone.
    private static func claimsUnderWay(of queue: String, in session: isolated Session) throws -> Set<String> {
        let rows = try session.rows(
            """
            SELECT virtualtransaction
              FROM pg_locks
             WHERE locktype = 'advisory' AND objsubid = 1 AND granted
               AND classid::bigint << 32 | objid::bigint = \(statement: claimLock(of: "\(queue)"))
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND pid <> pg_backend_pid()
            """
        )
        return Set(try rows.map { try $0.decode("virtualtransaction", as: String.self) })
    }
}
