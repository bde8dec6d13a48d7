import ArgumentParser
import CapacityModel
import Postgres

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Shows bills, release receipts and capacity, straight from the database.",
        discussion: """
            The views of schema 'report' are a stable contract for psql and BI tools. Each report first prints \
            the SQL that asks for it, to be copied.

            Examples:

              $ muster report billing --order ord-1
              $ muster report billing --day 2026-06-17
              $ muster report release --order ord-1
              $ muster report capacity
              $ muster report oversold       # always empty
            """
    )

    @Argument(help: "Which: \(ReportQuery.Subject.allCases.map(\.rawValue).joined(separator: ", ")).")
    var subject: ReportQuery.Subject

    @Option(help: "Only this order, like ord-1.") var order: String?
    @Option(help: "Bills by day, of this day in the price book's zone, like 2026-06-17.") var day: String?
    @Option(help: "Connection string of the database. Default: MUSTER_DATABASE.") var database: String?
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let query = try ReportQuery(subject, order: order, day: day)
        guard let conninfo = database ?? environment("MUSTER_DATABASE") else {
            throw Failure(.invalid, "which database? Set MUSTER_DATABASE or give --database, as psql takes it")
        }
        do {
            let configuration = Configuration(conninfo: conninfo, applicationName: "muster report")
            let session = try await Session.connect(configuration)
            switch output.output {
            case .table:
                Output.standard.write("\(query.shown);\n\n")
                Output.standard.write(try ReportTable.text(try await session.rows(query.statement)))
            case .json:
                let rows = try await session.rows(query.json)
                let json: String = try rows.first?.decode(0) ?? "[]"
                Output.standard.write(json + "\n")
            }
            await session.close()
        } catch {
            throw Failure(error)
        }
    }
}

extension ReportQuery.Subject: ExpressibleByArgument {}

extension Failure {
    init(_ error: PostgresError) {
        let status: ExitReason =
            switch (error.kind, error.sqlState) {
            case (_, "42501"), (_, "28000"), (_, "28P01"): .denied
            case (_, "22007"), (_, "22008"), (.usage, _): .invalid
            default: .unavailable
            }
        self.init(status, "the database cannot be asked: \(error.message)")
    }
}

/// Rows as a table: columns whose every value is a number are set to the right.
enum ReportTable {
    static func text(_ rows: Rows) throws(PostgresError) -> String {
        var cells: [[String]] = []
        for row in rows {
            var line: [String] = []
            for column in rows.columns.indices {
                line.append(try row.decode(column, as: String?.self) ?? "")
            }
            cells.append(line)
        }
        return text(columns: rows.columns, cells: cells)
    }

    static func text(columns: [String], cells: [[String]]) -> String {
        let aligned = columns.enumerated().map { index, title -> Table.Column in
            let values = cells.map { $0[index] }.filter { !$0.isEmpty }
            let isNumeric = !values.isEmpty && values.allSatisfy { Double($0) != nil }
            return isNumeric ? .number(title) : .text(title)
        }
        let count = cells.count == 1 ? "1 row" : "\(cells.count) rows"
        return Table(aligned, rows: cells).text + "(\(count))\n"
    }
}
