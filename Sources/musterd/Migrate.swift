import ArgumentParser
import Logging
import Postgres

/// Brings the schema up to date.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the database's schema up to date, and prints what was applied."
    )

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        let logger = log.makeLogger()
        let migrator = try database.migrator()
        let session = try await database.session(as: "musterd migrate", logger: logger)
        let applied = try await migrator.bringUpToDate(session)
        await session.close()
        for name in applied { print(name) }
        if applied.isEmpty { logger.info("the schema is up to date already") }
    }
}

extension Migrator {
    /// Applies what is pending, or says in a sentence why not.
    func bringUpToDate(_ session: Session) async throws -> [String] {
        do {
            return try await migrate(session)
        } catch {
            throw Complaint("the schema was left as it was: \(error)")
        }
    }

    /// Complains if this program's schema is not the database's.
    func check(_ session: Session) async throws {
        let pending: [String]
        do {
            pending = try await status(session).pending
        } catch {
            throw Complaint("the database's schema is not this program's: \(error)")
        }
        guard pending.isEmpty else {
            throw Complaint(
                "the database's schema is \(pending.count) migrations behind (\(pending[0]) is next); "
                    + "bring it up to date with: musterd migrate --database …"
            )
        }
    }
}
