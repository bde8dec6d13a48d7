import ArgumentParser
import CapacityStore
import OrderService
import Postgres

/// API keys, straight into the database.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Makes API keys straight in the database, such as the first ones.",
        subcommands: [Create.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an API key and prints it, this once; only its hash is stored.",
            discussion: "A tenant's key orders for that tenant, an operator's runs the fleet, an agent's serves sites."
        )

        enum Role: String, CaseIterable, ExpressibleByArgument {
            case tenant, `operator`, agent
        }

        @Option(help: "Who the key is for: tenant, operator or agent.") var role: Role
        @Option(help: "The tenant's name, for a tenant's key; the tenant is made when it is new.") var tenant: String?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var log: LogOptions

        func validate() throws {
            if role == .tenant, tenant == nil { throw ValidationError("a tenant's key needs --tenant") }
        }

        func run() async throws {
            let logger = log.makeLogger()
            let migrator = try database.migrator()
            let session = try await database.session(as: "musterd key", logger: logger)
            try await migrator.check(session)
            await session.close()
            let pool = Pool(database.configuration(as: "musterd key"), size: 1)
            let key = try await Store(pool: pool).newKey(role: role.rawValue, tenant: tenant)
            await pool.shutdown()
            guard let key else {
                throw Complaint("a tenant's name has 1 to 64 letters, digits, '.', '_' or '-'")
            }
            print(key)
        }
    }
}
