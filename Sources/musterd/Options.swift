import ArgumentParser
import FoundationEssentials
import Logging
import Postgres

/// Where the database is, and what its schema should be.
struct DatabaseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How to connect, as libpq takes it: 'host=/run/postgresql dbname=muster' or 'postgresql://…'. "
                + "Default: the environment's MUSTER_DATABASE.",
            valueName: "conninfo"
        )
    )
    var database: String?

    @Option(
        help: ArgumentHelp(
            "The folder with the schema's files. Default: 'Migrations' here, or beside the program or its package.",
            valueName: "folder"
        )
    )
    var migrations: String?

    @Option(help: ArgumentHelp("For how many seconds to wait for an absent database at start.", valueName: "seconds"))
    var patience = 60

    @Flag(
        inversion: .prefixedNo,
        help: "Prepare statements on the server. Turn it off behind a pooler in transaction mode."
    )
    var prepare = true

    @Option(
        help: ArgumentHelp(
            "A direct way to the server for LISTEN, where --database leads through a pooler.", valueName: "conninfo"
        )
    )
    var listenDatabase: String?

    func validate() throws {
        guard patience >= 0 else { throw ValidationError("--patience is in seconds, 0 or more") }
        guard conninfo != nil else {
            throw ValidationError("say where the database is: --database, or MUSTER_DATABASE in the environment")
        }
    }

    private var conninfo: String? {
        let given = database ?? ProcessInfo.processInfo.environment["MUSTER_DATABASE"]
        return given.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// How sessions are made.
    func configuration(as name: String) -> Configuration {
        Configuration(conninfo: conninfo ?? "", applicationName: name, preparesStatements: prepare)
    }

    /// How sessions that LISTEN are made.
    func listening(as name: String) -> Configuration {
        Configuration(conninfo: listenDatabase ?? conninfo ?? "", applicationName: name)
    }

    func migrator() throws -> Migrator {
        let folder = try migrations ?? MigrationsFolder.find()
        do {
            return try Migrator(directory: folder)
        } catch {
            throw Complaint("the schema's files in \(folder) cannot be used: \(error)")
        }
    }
}

/// Where HTTP is answered.
struct ListenOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The address to listen on; port 0 takes any free one.", valueName: "host:port"))
    var listen = "127.0.0.1:8080"

    @Option(
        help: ArgumentHelp("A file that is given the bound host:port once requests are answered.", valueName: "path")
    )
    var listenFile: String?

    @Option(help: ArgumentHelp("The most database sessions for HTTP requests.", valueName: "count"))
    var serveSessions = 16

    func validate() throws {
        guard address != nil else { throw ValidationError("--listen is host:port, such as 127.0.0.1:8080") }
        guard (1...1_000).contains(serveSessions) else { throw ValidationError("--serve-sessions is from 1 to 1000") }
    }

    /// Host and port. An IPv6 host stands in brackets: `[::1]:8080`.
    var address: (host: String, port: Int)? {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = listen[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), port)
    }
}

/// How much work is done at a time.
struct WorkOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The most jobs at a time.", valueName: "count"))
    var concurrency = 8

    @Option(help: ArgumentHelp("The most database sessions for jobs.", valueName: "count"))
    var workSessions = 16

    func validate() throws {
        guard (1...1_000).contains(concurrency) else { throw ValidationError("--concurrency is from 1 to 1000") }
        guard (5...1_000).contains(workSessions) else { throw ValidationError("--work-sessions is from 5 to 1000") }
    }
}

/// What is said on standard error.
struct LogOptions: ParsableArguments {
    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = LogLevel.info

    func makeLogger() -> Logger {
        let level = logLevel.level
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        return Logger(label: "musterd")
    }
}

/// A log level as the command line takes it.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
    case trace, debug, info, notice, warning, error, critical

    var level: Logger.Level {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}

/// Why the program cannot go on, in a sentence for who started it.
struct Complaint: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
