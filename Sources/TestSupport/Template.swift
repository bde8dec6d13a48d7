import FoundationEssentials
import Glibc
import Postgres

/// The database that those of the tests are cloned from. Made once for each process.
enum Template {
    /// Sessions with the server's own database, for making and dropping others: one for each test that runs.
    static let administrators = Task {
        Pool(try await PostgresServer.shared().configuration(), size: 4, waiters: 10_000, waitLimit: .seconds(600))
    }

    /// The template's name, once it is migrated.
    static let migrated = Task {
        let name = "muster_template_\(getpid())"
        try await administrators.value.execute("CREATE DATABASE \(identifier: name) TEMPLATE template0")
        let session = try await Session.connect(PostgresServer.shared().configuration(database: name))
        try await migrator().migrate(session)
        // A template with a session in it cannot be cloned.
        await session.close()
        return name
    }

    /// The repository's migrations; none before there is a folder for them.
    private static func migrator() throws -> Migrator {
        let folder = repository + "/Migrations"
        guard FileManager.default.fileExists(atPath: folder) else { return try Migrator(files: []) }
        return try Migrator(directory: folder)
    }

    /// The folder this file lies three levels below, wherever a link to it may stand.
    private static var repository: String {
        var parts = resolved(#filePath).split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
