import Postgres

/// The floor's table for everything that enqueues: the columns, defaults and indexes of `queue.job`, without its
/// checks, its triggers and its room for updates, and as empty as it.
enum TwinTable {
    static let name = "raw.twin"

    static func create(in session: Session) async throws {
        try await session.script(
            unchecked: """
                CREATE SCHEMA IF NOT EXISTS raw;
                CREATE TABLE raw.twin
                    (LIKE queue.job INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED INCLUDING INDEXES
                                    INCLUDING STORAGE);
                """
        )
    }

    /// Columns of `queue.job` that an enqueued row has a value in, without those the database makes by itself.
    private static func columns(in session: Session) async throws -> [String] {
        let all = try await session.rows(
            """
            SELECT attname::text FROM pg_attribute
             WHERE attrelid = 'queue.job'::regclass AND attnum > 0 AND NOT attisdropped
               AND attgenerated = '' AND attidentity = ''
             ORDER BY attnum
            """
        ).map { try $0.decode(0, as: String.self) }
        var used: [String] = []
        for column in all {
            let rows = try await session.rows("SELECT count(\(identifier: column)) > 0 FROM queue.job")
            if try rows.first?.decode(0) == true { used.append(column) }
        }
        return used
    }

    /// The rows of `queue.job`, ready for COPY, and the columns they have values for.
    static func rows(of session: Session) async throws -> (columns: [String], rows: [[CopyValue]]) {
        let columns = try await columns(in: session)
        let list = Statement(joining: columns.map { "\(identifier: $0)::text" }, separator: ", ")
        let found = try await session.rows("SELECT \(statement: list) FROM queue.job")
        let rows = try found.map { row in
            try columns.indices.map { CopyValue(try row.decode($0, as: String?.self)) }
        }
        return (columns, rows)
    }
}
