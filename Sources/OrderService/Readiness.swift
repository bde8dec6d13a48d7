package import Postgres

/// Whether the database is there and has the schema that this program was written for.
package struct Readiness: Sendable {
    package enum State: Equatable, Sendable {
        case ready
        /// So many migrations have not been applied.
        case unmigrated(Int)
        case unreachable
    }

    private let pool: Pool
    private let migrator: Migrator?

    /// Without a migrator, only whether the database answers is asked.
    package init(pool: Pool, migrator: Migrator?) {
        self.pool = pool
        self.migrator = migrator
    }

    /// Asks now; never throws, since being away is an answer.
    package func state() async -> State {
        do {
            return try await pool.withSession { session in
                guard let migrator else {
                    _ = try await session.rows("SELECT 1")
                    return .ready
                }
                let pending = try await migrator.status(session).pending.count
                return pending == 0 ? .ready : .unmigrated(pending)
            }
        } catch MigrationError.failed {
            return .unreachable
        } catch is MigrationError {
            // The files differ from what was applied: another program's schema is none to serve from.
            return .unmigrated(0)
        } catch {
            return .unreachable
        }
    }
}
