import CapacityModel
import CapacityStore
import Postgres

extension Ledger {
    static let siteName = "1101-telecom-1"

    /// The same hosts, written to for another tenant, which is of `tenantClass`.
    func tenant(_ name: String, of tenantClass: TenantClass) async throws -> Ledger {
        let (tenant, order) = try await store.pool.transaction { session in
            let tenant = try session.rows(
                """
                INSERT INTO muster.tenant (name, class) VALUES (\(name), \(tenantClass.rawValue)) RETURNING tenant_id
                """
            )[0].decode("tenant_id", as: Int64.self)
            let request = OrderRequest(
                spec: Spec(resources: Resources(vcpuMilli: 1_000, memoryMiB: 1_024), image: "i"), count: 100_000,
                timing: OrderRequest.Timing(start: Self.epoch, duration: .seconds(1_000_000)))
            let new = NewOrder(
                tenant: TenantID(rawValue: tenant), request: request, window: request.timing.window(at: Self.epoch),
                plan: Plan(groups: []), rates: [], idempotency: nil)
            return (TenantID(rawValue: tenant), try Store.insert(new, in: session))
        }
        return Ledger(store: store, tenant: tenant, hosts: hosts, order: order)
    }

    @discardableResult
    func protect(_ size: Headroom.Size, for tenantClass: TenantClass) async throws -> HeadroomOutcome {
        try await store.transaction { session in
            try Store.set(
                Headroom(site: Self.siteName, tenantClass: tenantClass, size: size, reason: "a test"), in: session)
        }
    }

    /// What of each host is protected for a class, in the order of the hosts.
    func parts(of tenantClass: TenantClass) async throws -> [HostHeadroom] {
        try await store.fleetSnapshot().headrooms.filter { $0.tenantClass == tenantClass }
            .sorted { $0.host < $1.host }
    }

    /// Whether a change of all live rows of this ledger's order went through.
    func allows(_ assignment: Statement) async throws -> Bool {
        let order = order.rawValue
        do {
            _ = try await store.transaction { session in
                try session.execute(
                    """
                    UPDATE muster.reservation SET \(statement: assignment) WHERE order_id = \(order) AND live_count > 0
                    """
                )
            }
            return true
        } catch .oversold {
            return false
        }
    }
}

extension Headroom.Size {
    static func cores(_ count: Int64) -> Headroom.Size {
        .amounts(Resources(vcpuMilli: count * 1_000, memoryMiB: 0))
    }
}
