package import CapacityModel
package import Postgres

/// Every statement of the application, one per function.
package struct Store: Sendable {
    package let pool: Pool

    package init(pool: Pool) {
        self.pool = pool
    }

    /// What time it is for the business: the database's clock, or the simulation that drives it.
    package func now() async throws(StoreError) -> CapacityModel.Instant {
        try await read { session in
            try session.rows("SELECT muster.now() AS now")[0].instant("now")
        }
    }

    /// Runs `body` on some session, outside any transaction.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (isolated Session) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.withSession { session in try await session.perform(body) }
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs `body` in a transaction; serialization failures and deadlocks are tried again by the pool.
    package func transaction<Value: Sendable>(
        _ body: @escaping @Sendable (isolated Session) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.transaction(body)
        } catch {
            throw StoreError(error)
        }
    }
}

extension Session {
    /// Several statements on this session's own thread without leaving it in between.
    func perform<Value: Sendable>(_ body: @Sendable (isolated Session) throws -> Value) throws -> Value {
        try body(self)
    }
}
