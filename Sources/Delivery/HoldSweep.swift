import CapacityModel
import CapacityStore
import JobQueue
import Postgres

/// Releases holds whose customers did not show up in time, and offers that nobody accepted.
struct HoldSweep {
    /// Holds of one transaction; each may be of thousands of hosts.
    static let batch = 16
    /// Transactions of one sweep; the next sweep goes on.
    static let batchLimit = 256

    let store: Store
    let bell: Bell

    /// Releases what is overdue, some holds or offers at a time.
    func run() async throws(StoreError) {
        try await run { session in
            let overdue = try Store.lockOverdueHolds(limit: Self.batch, in: session)
            if !overdue.isEmpty { try Store.end(overdue, on: .expire, in: session) }
            return overdue.count
        }
        try await run { session in
            let overdue = try Store.lockOverdueOffers(limit: Self.batch, in: session)
            if !overdue.isEmpty { try Store.end(overdue, on: .expire, in: session) }
            return overdue.count
        }
    }

    private func run(
        _ end: @escaping @Sendable (isolated Session) throws -> Int
    ) async throws(StoreError) {
        for _ in 0..<Self.batchLimit where !Task.isCancelled {
            let count = try await store.transaction { session in
                let count = try end(session)
                if count > 0 { try ReconcileOrder.nudgeWaiting(in: session) }
                return count
            }
            if count > 0 { bell.ring(ReconcileOrder.queue) }
            guard count == Self.batch else { return }
        }
    }
}
