import CSQLite

/// One connection to a SQLite file and its prepared statements. Not for sharing: whoever holds it calls it, one at a
/// time.
final class SQLite {
    private var database: OpaquePointer?
    private var statements: [String: OpaquePointer] = [:]

    /// Opens or makes the file at `path`. A call waits `patienceMilliseconds` for somebody else who has it locked.
    init(path: String, patienceMilliseconds: Int32) throws(StoreFailure) {
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(path, &database, flags, nil) == SQLITE_OK else {
            let failure = failure("open \(path)")
            sqlite3_close_v2(database)
            throw failure
        }
        sqlite3_busy_timeout(database, patienceMilliseconds)
    }

    deinit { close() }

    /// Gives the file back. Every later call fails.
    func close() {
        for statement in statements.values { sqlite3_finalize(statement) }
        statements = [:]
        sqlite3_close_v2(database)
        database = nil
    }

    /// Runs statements without values, such as a schema.
    func script(_ text: String) throws(StoreFailure) {
        guard sqlite3_exec(database, text, nil, nil, nil) == SQLITE_OK else { throw failure(text) }
    }

    /// Runs one statement, prepared once, with `values` bound to its `?` in order.
    func run(_ text: String, _ values: [Value] = []) throws(StoreFailure) {
        let statement = try bound(text, values)
        defer { sqlite3_reset(statement) }
        guard sqlite3_step(statement) == SQLITE_DONE else { throw failure(text) }
    }

    /// All rows of one query, each turned by `read`.
    func rows<Element>(
        _ text: String,
        _ values: [Value] = [],
        _ read: (Row) throws(StoreFailure) -> Element
    ) throws(StoreFailure) -> [Element] {
        let statement = try bound(text, values)
        defer { sqlite3_reset(statement) }
        var elements: [Element] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: elements.append(try read(Row(statement: statement)))
            case SQLITE_DONE: return elements
            default: throw failure(text)
            }
        }
    }

    /// Runs `body` whole or not at all.
    func transaction(_ body: () throws(StoreFailure) -> Void) throws(StoreFailure) {
        try run("BEGIN IMMEDIATE")
        do {
            try body()
            try run("COMMIT")
        } catch {
            // The first failure is the one to tell; where the rollback fails too, SQLite has rolled back by itself.
            try? run("ROLLBACK")
            throw error
        }
    }

    private func bound(_ text: String, _ values: [Value]) throws(StoreFailure) -> OpaquePointer {
        let statement = try prepared(text)
        for (index, value) in values.enumerated() {
            guard value.bind(to: statement, at: Int32(index + 1)) == SQLITE_OK else { throw failure(text) }
        }
        return statement
    }

    private func prepared(_ text: String) throws(StoreFailure) -> OpaquePointer {
        if let statement = statements[text] { return statement }
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(database, text, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw failure(text)
        }
        statements[text] = statement
        return statement
    }

    private func failure(_ text: String) -> StoreFailure {
        let message = sqlite3_errmsg(database).map { String(cString: $0) } ?? "out of memory"
        return StoreFailure(statement: text, message: message)
    }
}

extension SQLite {
    enum Value {
        case integer(Int64)
        case text(String)
        case null

        static func optional(_ text: String?) -> Value { text.map(Value.text) ?? .null }

        func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
            switch self {
            case .integer(let value): sqlite3_bind_int64(statement, index, value)
            case .text(let value):
                // SQLITE_TRANSIENT, which C writes as a cast that Swift cannot import: copy the text at once.
                sqlite3_bind_text(statement, index, value, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
            case .null: sqlite3_bind_null(statement, index)
            }
        }
    }

    /// The row a query stands on. Valid only inside the closure it is handed to.
    struct Row {
        fileprivate let statement: OpaquePointer

        func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

        func optionalInteger(_ column: Int32) -> Int64? {
            sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : integer(column)
        }

        func text(_ column: Int32) -> String { optionalText(column) ?? "" }

        func optionalText(_ column: Int32) -> String? {
            sqlite3_column_text(statement, column).map { String(cString: $0) }
        }
    }
}

/// The offline store could not do as told: a full or broken disk, or a file of somebody else.
package struct StoreFailure: Error, Equatable, Sendable, CustomStringConvertible {
    package var statement: String
    package var message: String
    package var description: String { "offline store: \(message), during: \(statement)" }
}
