import CLibPQ

/// What libpq returned for one statement.
///
/// `@unchecked Sendable` because a `PGresult` is never written after libpq hands it out, and its documentation allows
/// reading it from any thread; only the connection itself is bound to one.
final class ResultHandle: @unchecked Sendable {
    private let pointer: OpaquePointer
    let names: [String]
    let types: [PostgresType]
    let rowCount: Int

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        rowCount = Int(PQntuples(pointer))
        let columns = 0..<PQnfields(pointer)
        names = columns.map { PQfname(pointer, $0).map { String(cString: $0) } ?? "" }
        types = columns.map { PostgresType(oid: PQftype(pointer, $0)) }
    }

    deinit {
        PQclear(pointer)
    }

    var status: ExecStatusType { PQresultStatus(pointer) }

    /// Rows inserted, updated, deleted, copied or selected, as the command tag says; 0 for other commands.
    var affected: Int {
        Int(String(cString: PQcmdTuples(pointer))) ?? 0
    }

    /// `COMMIT`, `INSERT 0 1` and so on.
    var commandTag: String { String(cString: PQcmdStatus(pointer)) }

    func decode<T: PostgresDecodable>(row: Int, column: Int) throws(PostgresError) -> T {
        let (row32, column32) = (Int32(truncatingIfNeeded: row), Int32(truncatingIfNeeded: column))
        var bytes: UnsafeBufferPointer<UInt8>?
        if PQgetisnull(pointer, row32, column32) == 0, let text = PQgetvalue(pointer, row32, column32) {
            let count = Int(PQgetlength(pointer, row32, column32))
            let start = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
            bytes = UnsafeBufferPointer(start: start, count: count)
        }
        // `self` owns the memory `bytes` points into, and outlives this call.
        return try T(from: PostgresCell(bytes: bytes, type: types[column], column: names[column]))
    }

    /// The server's error, `nil` where the statement went well.
    var error: PostgresError? {
        switch status {
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: break
        default: return nil
        }
        let sqlState = field("C") ?? ""
        var kind = PostgresError.Kind(sqlState: sqlState)
        // 0A000 is "not supported" in general; only this function of the server says it of a cached plan.
        if sqlState == "0A000", field("R") == "RevalidateCachedQuery" { kind = .stalePlan }
        let message = field("M") ?? String(cString: PQresultErrorMessage(pointer)).trimmed
        var error = PostgresError(kind: kind, sqlState: sqlState, message: message)
        error.detail = field("D")
        error.hint = field("H")
        error.constraint = field("n")
        error.table = field("t")
        error.column = field("c")
        return error
    }

    /// A field of the error, by the letter the protocol gives it.
    private func field(_ letter: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(letter.value)).map { String(cString: $0) }
    }
}

extension String {
    /// Without the line break libpq ends its messages with.
    var trimmed: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
