import CapacityModel
import CapacityStore
import JobQueue
import Postgres

/// Releases holds whose customers did not show up in time.
struct HoldSweep {
    /// Holds of one transaction; each may be of thousands of hosts.
    static let batch = 16
    /// Transactions of one sweep; the next sweep goes on.
    static let batchLimit = 256

    let store: Store
    let bell: Bell

    /// Releases what is overdue, some holds at a time.
    func run() async throws(StoreError) {
        for _ in 0..<Self.batchLimit where !Task.isCancelled {
            let count = try await store.transaction { session in
                let overdue = try Store.lockOverdueHolds(limit: Self.batch, in: session)
                guard !overdue.isEmpty else { return 0 }
                try Store.end(overdue, on: .expire, in: session)
                try ReconcileOrder.nudgeWaiting(in: session)
                return overdue.count
            }
            if count > 0 { bell.ring(ReconcileOrder.queue) }
            guard count == Self.batch else { return }
        }
    }
}
