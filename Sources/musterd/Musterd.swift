import ArgumentParser

/// The centre: takes orders, delivers them, and keeps the books.
@main
struct Musterd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "musterd",
        abstract: "The centre of Muster: takes orders, delivers them, keeps the books.",
        discussion: """
            Several of each may run against one database, on one machine or many. Everything is stored in PostgreSQL, so \
            any of them may stop at any time and another goes on.

              $ musterd all --database 'host=/run/postgresql dbname=muster'
              $ musterd key create --role tenant --tenant load-test
            """,
        subcommands: [Serve.self, Work.self, All.self, Migrate.self, KeyCommand.self]
    )
}

/// Answers the HTTP interface.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Answers the HTTP interface.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        try await Centre(database: database, log: log, listen: listen, work: nil).run()
    }
}

/// Runs the jobs that deliver, release and settle.
struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs the jobs that deliver, release and settle orders.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var work: WorkOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        try await Centre(database: database, log: log, listen: nil, work: work).run()
    }
}

/// Everything in one process.
struct All: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Migrates the database, then serves and works in one process."
    )

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var work: WorkOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        try await Centre(database: database, log: log, listen: listen, work: work, migrates: true).run()
    }
}
