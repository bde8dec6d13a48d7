package import CapacityStore
package import JobQueue
import Postgres

/// Where agents' reports are taken in: many sites at a time, each report once.
package struct ReportDesk: Sendable {
    let store: Store
    let bell: Bell

    package init(store: Store, bell: Bell) {
        self.store = store
        self.bell = bell
    }

    /// Takes in `reports` in one transaction and returns how far each known site's reports have come.
    ///
    /// At most one report a site: the caller sends a site's next one when this one is answered. A report whose sequence was
    /// seen before changes nothing, so an agent that lost an answer simply sends it again.
    package func absorb(_ reports: [SiteReport]) async throws(StoreError) -> [String: Int64] {
        precondition(Set(reports.map(\.site)).count == reports.count, "the collector sends one report a site")
        let (orders, sequences) = try await store.transaction { session in
            let fresh = try Store.accept(reports, in: session)
            let orders = try Store.observe(reports.filter { fresh.contains($0.site) }, in: session)
            if orders.freed {
                try ReconcileOrder.nudgeWaiting(and: orders.due, in: session)
            } else {
                try JobQueue.hasten(uniqueKeys: orders.due.map(ReconcileOrder.key), in: session)
            }
            return (orders, try Store.reportSequences(of: reports.map(\.site), in: session))
        }
        if orders.freed || !orders.due.isEmpty { bell.ring(ReconcileOrder.queue) }
        try await store.announce(sites: [], orders: orders.touched)
        return sequences
    }
}
