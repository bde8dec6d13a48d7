package import CapacityModel
package import CapacityStore
import JobQueue
import Postgres

/// Where operators say what is protected for whom.
extension FleetDesk {
    /// Protects capacity of a site for a class of tenants, or changes how much. Whoever uses it already stays: what is
    /// protected takes effect as that ends.
    package func set(_ headroom: Headroom) async throws(StoreError) -> HeadroomOutcome {
        let outcome = try await store.transaction { session in
            let outcome = try Store.set(headroom, in: session)
            // It may be less than it was.
            if outcome == .set { try ReconcileOrder.nudgeWaiting(in: session) }
            return outcome
        }
        if outcome == .set { bell.ring(ReconcileOrder.queue) }
        return outcome
    }

    /// Ends the protection; whether there was one.
    package func removeHeadroom(for tenantClass: TenantClass, at site: String) async throws(StoreError) -> Bool {
        let isRemoved = try await store.transaction { session in
            let isRemoved = try Store.removeHeadroom(for: tenantClass, at: site, in: session)
            if isRemoved { try ReconcileOrder.nudgeWaiting(in: session) }
            return isRemoved
        }
        if isRemoved { bell.ring(ReconcileOrder.queue) }
        return isRemoved
    }
}
