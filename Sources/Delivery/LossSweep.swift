import CapacityModel
import CapacityStore
import JobQueue
import Postgres

/// Gives up what has begun at sites that an operator declared lost. What has not begun is moved by the drain, as long as it fits
/// elsewhere, or given up when it would be handed over.
///
/// Takes no input: whoever declares a loss runs it at once, and the sweep of every worker finds what a crash left undone.
struct LossSweep {
    /// Orders given up at once.
    static let batch = 256
    /// Batches of one sweep; the next sweep goes on.
    static let batchLimit = 1_024

    let store: Store
    let bell: Bell
    /// Instances given up at once, of however many orders: as long as that takes, an order's changes and its sites' agents wait.
    var instances = 4_096

    func run() async throws(StoreError) {
        var last: OrderID?
        for _ in 0..<Self.batchLimit where !Task.isCancelled {
            let after = last
            let (orders, lost) = try await store.transaction { session in
                let orders = try Store.ordersToGiveUp(
                    after: after, limit: Self.batch, instances: instances, notice: OrderPass.handOverLead,
                    in: session)
                let lost = try Store.giveUp(
                    orders, notice: OrderPass.handOverLead, limit: instances, in: session)
                // The spare is delivered, and the rest placed anew, by the orders' own reconcilers.
                try JobQueue.hasten(uniqueKeys: orders.map(ReconcileOrder.key), in: session)
                return (orders, lost)
            }
            guard !orders.isEmpty else { return }
            bell.ring(ReconcileOrder.queue)
            try await store.announce(sites: lost.sites, orders: orders)
            // The last of them may have more: it is found again then, and the others are not.
            if lost.count < instances { last = orders.last }
        }
    }
}
