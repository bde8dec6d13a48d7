package import CapacityStore
package import JobQueue
package import Logging
package import Postgres
import ServiceLifecycle

/// Runs the jobs of delivery until a graceful stop. Any number may run, on any machine that reaches the database.
package struct DeliveryWorker: Service {
    private let store: Store
    private let worker: Worker

    /// - Parameter listener: A direct way to the server for LISTEN, or `nil` to live by polling.
    package init(
        name: String, store: Store, planner: Planner, bell: Bell, listener: Configuration?, concurrency: Int = 16,
        logger: Logger
    ) {
        self.store = store
        worker = Worker(
            name: name,
            pool: store.pool,
            listenerConfiguration: listener,
            bell: bell,
            queues: [ReconcileOrder.queue],
            concurrency: concurrency,
            handlers: [
                ReconcileOrder(store: store, planner: planner, bell: bell, logger: logger),
                SweepOrders(store: store, planner: planner, bell: bell, logger: logger),
                ProposeRepacking(store: store, planner: planner),
            ],
            pollInterval: .milliseconds(250),
            // A pass takes milliseconds; an order whose worker died should not wait long for the next.
            leaseDuration: .seconds(6),
            logger: logger
        )
    }

    package func run() async throws {
        try await SweepOrders.ensure(in: store)
        try await ProposeRepacking.ensure(in: store)
        try await worker.run()
    }
}
