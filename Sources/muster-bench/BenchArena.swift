import Postgres

/// A database of one measurement.
struct ArenaDatabase: Sendable {
    let name: String
    let configuration: Configuration

    /// - Parameter conninfo: How to reach the server; `name` is the database on it.
    init(_ name: String, conninfo: String) {
        self.name = name
        // Filling tables takes as long as it takes.
        configuration = Configuration(
            conninfo: conninfo, database: name, applicationName: "muster-bench", statementTimeout: nil
        )
    }

    func withSession<Value: Sendable>(_ body: (Session) async throws -> Value) async throws -> Value {
        let session = try await Session.connect(configuration)
        do {
            let value = try await body(session)
            await session.close()
            return value
        } catch {
            await session.close()
            throw error
        }
    }
}

/// A server on which every measurement gets a database of its own, so that none inherits another's dead rows, and each
/// begins right after a checkpoint.
///
/// Databases are copies of a template that has been migrated, and may have been filled, before.
struct BenchArena: Sendable {
    private let conninfo: String
    private let admin: Session
    static let prefix = "muster_bench_part_"

    static func with<Value: Sendable>(_ body: (BenchArena) async throws -> Value) async throws -> Value {
        let conninfo = try required("MUSTER_DATABASE")
        let configuration = Configuration(
            conninfo: conninfo, applicationName: "muster-bench", statementTimeout: nil
        )
        let arena = BenchArena(conninfo: conninfo, admin: try await Session.connect(configuration))
        try await arena.dropAll()
        let template = try await arena.create("migrated", from: "template0")
        let migrator = try Migrator(directory: try required("MUSTER_MIGRATIONS"))
        try await template.withSession { session in _ = try await migrator.migrate(session) }
        let value = try await body(arena)
        try await arena.dropAll()
        await arena.admin.close()
        return value
    }

    /// Makes a template of what `fill` puts into a migrated database.
    func template(_ name: String, _ fill: (ArenaDatabase) async throws -> Void) async throws {
        let database = try await create(name, from: Self.prefix + "migrated")
        try await fill(database)
        try await database.withSession { session in try await session.script(unchecked: "VACUUM (ANALYZE)") }
    }

    /// Lets `body` use a fresh copy of `template`, and drops it afterwards.
    func withDatabase<Value: Sendable>(
        _ name: String = "round",
        from template: String = "migrated",
        _ body: (ArenaDatabase) async throws -> Value
    ) async throws -> Value {
        let database = try await create(name, from: Self.prefix + template)
        try await admin.script(unchecked: "CHECKPOINT")
        let value = try await body(database)
        try await drop(database.name)
        return value
    }

    func drop(template name: String) async throws {
        try await drop(Self.prefix + name)
    }

    private func create(_ name: String, from template: String) async throws -> ArenaDatabase {
        let name = Self.prefix + name
        try await admin.execute("CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: template)")
        return ArenaDatabase(name, conninfo: conninfo)
    }

    private func drop(_ name: String) async throws {
        try await admin.execute("DROP DATABASE IF EXISTS \(identifier: name) WITH (FORCE)")
    }

    /// Also what a bench that was killed has left.
    private func dropAll() async throws {
        let rows = try await admin.rows(
            "SELECT datname::text FROM pg_database WHERE starts_with(datname, \(Self.prefix))"
        )
        for row in rows { try await drop(try row.decode(0, as: String.self)) }
    }
}
