package import CapacityModel
package import Postgres

/// What whoever makes several orders in one transaction asks, beside what makes an order.
extension Store {
    /// Waits until the caller's transaction is next, or next but one, to have its turn; it is until it ends.
    ///
    /// Whoever is next gets ready while another has the turn. More would only get ready on what is old by the time it is their turn.
    ///
    /// - Throws: `.lockTimeout`, where that takes longer than was said in ``expectFewRows(waitingAtMost:in:)``.
    package static func lineUp(in session: isolated Session) throws {
        try session.execute(
            """
            SELECT CASE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('muster.order_turn', 1))
                         AND NOT pg_try_advisory_xact_lock(hashtextextended('muster.order_turn', 2))
                        THEN pg_advisory_xact_lock(hashtextextended('muster.order_turn', 1 + (random() < 0.5)::integer)) END
            """
        )
    }

    /// Waits for the turn of the caller's transaction, which has it until it ends. One that never takes it is not held up.
    ///
    /// - Throws: As ``lineUp(in:)`` does.
    package static func takeTurn(in session: isolated Session) throws {
        try session.execute("SELECT pg_advisory_xact_lock(hashtextextended('muster.order_turn', 0))")
    }

    /// Prepares the caller's transaction for statements that touch few rows of large tables, whatever statistics say of them: they
    /// keep their plans, which follow indexes, and wait for no lock longer than `patience`.
    package static func expectFewRows(waitingAtMost patience: Duration, in session: isolated Session) throws {
        try session.execute(
            """
            SELECT set_config('lock_timeout', \("\(patience.wholeSeconds)s"), true),
                   set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
                   set_config('jit', 'off', true)
            """
        )
    }

    /// Those of the keys that something was made by before.
    package static func used(_ keys: [TenantKey], in session: isolated Session) throws -> Set<TenantKey> {
        guard !keys.isEmpty else { return [] }
        let rows = try session.rows(
            """
            SELECT i.tenant_id, i.key
              FROM unnest(\(keys.map(\.tenant.rawValue)), \(keys.map(\.key))) AS k (tenant_id, key)
              JOIN muster.idempotency i USING (tenant_id, key)
            """
        )
        return Set(
            try rows.map { row in
                TenantKey(tenant: TenantID(rawValue: try row.int64("tenant_id")), key: try row.text("key"))
            })
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
