import CapacityModel
package import CapacityStore
package import JobQueue
package import Logging
import Postgres

/// Makes sure that every unfinished order has its reconciler, releases holds whose time is over, gives up what
/// is at lost sites, empties hosts that drain, and forgets what is long over. One job for ever.
package struct SweepOrders: JobHandler {
    package struct Payload: Codable, Sendable {}

    package static let kind = "orders.sweep"
    static let pace = Duration.seconds(30)
    static let batch = 1_000

    let store: Store
    let planner: Planner
    let bell: Bell
    let logger: Logger

    package init(store: Store, planner: Planner, bell: Bell, logger: Logger) {
        self.store = store
        self.planner = planner
        self.bell = bell
        self.logger = logger
    }

    /// Enqueues the sweep where there is none. Every worker does so at its start.
    package static func ensure(in store: Store) async throws(StoreError) {
        _ = try await store.transaction { session in
            try JobQueue.enqueue(
                [
                    try Job(
                        SweepOrders.self, Payload(), queue: ReconcileOrder.queue, maxAttempts: 1_000,
                        uniqueKey: kind
                    )
                ],
                in: session
            )
        }
    }

    package func run(_ payload: Payload, _ context: JobContext) async throws -> JobOutcome {
        var last = try await sweep(after: nil)
        while let after = last, !Task.isCancelled {
            last = try await sweep(after: after)
        }
        try await HoldSweep(store: store, bell: bell).run()
        try await LossSweep(store: store, bell: bell).run()
        try await DrainSweep(store: store, planner: planner, logger: logger).run()
        try await store.prune()
        try await store.pruneOffers()
        return .snooze(Self.pace)
    }

    /// Enqueues the missing reconcilers of one batch; the last order of a full batch, or `nil` at the end.
    private func sweep(after: OrderID?) async throws(StoreError) -> OrderID? {
        let (added, last) = try await store.transaction { session in
            let orders = try Store.unsettledOrders(after: after, limit: Self.batch, in: session)
            // Those that have one already keep it: the unique key adds nothing.
            let added = try JobQueue.enqueue(orders.map { try ReconcileOrder.job(for: $0, dueAt: nil) }, in: session)
            return (added.count, orders.count == Self.batch ? orders.last : nil)
        }
        if added > 0 { bell.ring(ReconcileOrder.queue) }
        return last
    }
}
