package import CapacityModel
package import Postgres

/// What whoever makes several orders in one transaction asks, beside what makes an order.
extension Store {
    /// Waits for the turn of the caller's transaction, which has it until it ends. One that never takes it is not held up.
    ///
    /// - Parameter patience: How long it waits for its turn, and for any lock after that, at most.
    /// - Throws: `.lockTimeout`, where that is not enough.
    package static func takeTurn(within patience: Duration, in session: isolated Session) throws {
        try session.execute(
            """
            SELECT set_config('lock_timeout', \("\(patience.wholeSeconds)s"), true),
                   pg_advisory_xact_lock(hashtextextended('muster.order_turn', 0))
            """
        )
    }

    /// Those of the keys that something was made by before.
    package func used(_ keys: [TenantKey]) async throws(StoreError) -> Set<TenantKey> {
        guard !keys.isEmpty else { return [] }
        return try await read { session in
            let rows = try session.rows(
                """
                SELECT i.tenant_id, i.key
                  FROM unnest(\(keys.map(\.tenant.rawValue)), \(keys.map(\.key))) AS k (tenant_id, key)
                 CROSS JOIN LATERAL (
                       SELECT * FROM muster.idempotency u WHERE u.tenant_id = k.tenant_id AND u.key = k.key OFFSET 0) i
                """
            )
            return Set(
                try rows.map { row in
                    TenantKey(tenant: TenantID(rawValue: try row.int64("tenant_id")), key: try row.text("key"))
                })
        }
    }
}

/// A customer's key for something made once.
package struct TenantKey: Hashable, Sendable {
    package var tenant: TenantID
    package var key: String

    package init(tenant: TenantID, key: String) {
        self.tenant = tenant
        self.key = key
    }
}
