import CapacityModel
import CapacityStore
import Postgres

/// Pictures for a certain tenant. Its class is asked for only where something is protected, and each time: a plan on an old
/// one is refused by the ledger, and made again.
extension Planner {
    /// The current picture, as `tenant` sees it.
    func current(for tenant: TenantID, in store: Store) async throws(StoreError) -> Picture {
        try await current().seen(by: tenant, in: store)
    }
}

extension Planner.Picture {
    func seen(by tenant: TenantID, in store: Store) async throws(StoreError) -> Planner.Picture {
        guard hasHeadroom, let tenantClass = try await store.tenantClass(of: tenant) else { return self }
        return seen(by: tenantClass)
    }

    func seen(by tenant: TenantID, in session: isolated Session) throws -> Planner.Picture {
        guard hasHeadroom, let tenantClass = try Store.tenantClass(of: tenant, in: session) else { return self }
        return seen(by: tenantClass)
    }
}
