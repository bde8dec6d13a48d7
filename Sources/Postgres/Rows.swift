/// What a statement returned: its rows, in order.
public struct Rows: Sendable, RandomAccessCollection {
    let result: ResultHandle

    public var startIndex: Int { 0 }
    public var endIndex: Int { result.rowCount }

    public subscript(position: Int) -> Row {
        precondition(position >= 0 && position < result.rowCount, "row \(position) of \(result.rowCount) was asked for")
        return Row(result: result, index: position)
    }

    /// How many rows the statement inserted, updated, deleted or returned.
    public var affected: Int { result.affected }

    public var columns: [String] { result.names }
}

/// One row of a result. Holds on to the whole result, so keep what was decoded rather than the row.
public struct Row: Sendable {
    let result: ResultHandle
    let index: Int

    /// The value of a column by its name.
    public func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard let position = result.names.firstIndex(of: column) else {
            let known = result.names.joined(separator: ", ")
            var error = PostgresError(kind: .decoding, message: "no column \"\(column)\" among \(known)")
            error.column = column
            throw error
        }
        return try result.decode(row: index, column: position)
    }

    /// The value of a column by its place, the first being 0.
    public func decode<T: PostgresDecodable>(_ column: Int, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard result.names.indices.contains(column) else {
            throw PostgresError(kind: .decoding, message: "no column \(column) among \(result.names.count)")
        }
        return try result.decode(row: index, column: column)
    }
}
