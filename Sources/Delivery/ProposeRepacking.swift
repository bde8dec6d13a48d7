package import CapacityStore
package import JobQueue
import Placement

/// Looks every few minutes for moves that would bring free room together, and writes them down for operators. Moves nothing.
/// One job for ever.
package struct ProposeRepacking: JobHandler {
    package struct Payload: Codable, Sendable {}

    package static let kind = "fleet.repack"
    static let pace = Duration.seconds(300)
    /// A fifth of a second's work and less than half of what a call may take: nobody waits for this one.
    static let limits = RepackingLimits(moves: 500, attempts: 2_000_000)

    let store: Store
    let planner: Planner

    package init(store: Store, planner: Planner) {
        self.store = store
        self.planner = planner
    }

    /// Enqueues the job where there is none. Every worker does so at its start.
    package static func ensure(in store: Store) async throws(StoreError) {
        _ = try await store.transaction { session in
            try JobQueue.enqueue(
                [
                    try Job(
                        ProposeRepacking.self, Payload(), queue: ReconcileOrder.queue, maxAttempts: 1_000,
                        uniqueKey: kind
                    )
                ],
                in: session
            )
        }
    }

    package func run(_ payload: Payload, _ context: JobContext) async throws -> JobOutcome {
        try await store.keep(try await Repacker(store: store, planner: planner).propose(limits: Self.limits))
        return .snooze(Self.pace)
    }
}
