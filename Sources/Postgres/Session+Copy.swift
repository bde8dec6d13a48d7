import CLibPQ

extension Session {
    /// Writes `rows` into `table` by COPY and returns how many there were: much faster than INSERT from some hundred
    /// rows on. All of them are stored or none.
    ///
    /// `table` may be qualified by its schema (`muster.host`). Every row has one value for each of `columns`.
    @discardableResult
    public func copyIn(
        _ table: String,
        columns: [String],
        rows: some Sequence<[CopyValue]> & Sendable
    ) throws(PostgresError) -> Int {
        let name = table.split(separator: ".").map { quoted(identifier: String($0)) }.joined(separator: ".")
        let list = columns.map(quoted(identifier:)).joined(separator: ", ")
        return try withConnection { connection throws(PostgresError) in
            try connection.beginCopy("COPY \(name) (\(list)) FROM STDIN", by: deadline)
            var refusal: PostgresError?
            do throws(PostgresError) {
                try connection.send(rows, width: columns.count, by: deadline)
            } catch  where error.kind == .usage {
                refusal = error
            }
            return try connection.endCopy(refusal, by: deadline)
        }
    }
}

extension Connection {
    /// How many bytes are gathered before they are sent.
    private static let blockSize = 65_536

    fileprivate func beginCopy(_ command: String, by deadline: Deadline) throws(PostgresError) {
        guard !command.utf8.contains(0) else { throw Request.zeroByte }
        guard PQsendQuery(handle, command) == 1 else { throw broken() }
        try flush(by: deadline)
        guard let result = try nextResult(by: deadline) else { throw broken() }
        if result.status == PGRES_COPY_IN { return }
        let error = result.error ?? broken()
        while try nextResult(by: deadline) != nil {}
        throw error
    }

    fileprivate func send(
        _ rows: some Sequence<[CopyValue]>,
        width: Int,
        by deadline: Deadline
    ) throws(PostgresError) {
        var buffer = CopyBuffer()
        for (number, row) in rows.enumerated() {
            guard row.count == width else {
                let message = "row \(number + 1) has \(row.count) values for \(width) columns"
                throw PostgresError(kind: .usage, message: message)
            }
            guard buffer.append(row) else { throw Request.zeroByte }
            if buffer.bytes.count >= Self.blockSize {
                try send(buffer, by: deadline)
                buffer.removeAll()
            }
        }
        if !buffer.bytes.isEmpty { try send(buffer, by: deadline) }
    }

    private func send(_ buffer: CopyBuffer, by deadline: Deadline) throws(PostgresError) {
        let outcome = buffer.bytes.withUnsafeBytes { bytes in
            PQputCopyData(handle, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count))
        }
        // 0 would mean full buffers, but each block is flushed before the next.
        guard outcome == 1 else { throw lost() }
        try flush(by: deadline)
    }

    /// Ends the COPY, for good or, with a refusal, in vain.
    fileprivate func endCopy(_ refusal: PostgresError?, by deadline: Deadline) throws(PostgresError) -> Int {
        guard PQputCopyEnd(handle, refusal?.message) == 1 else { throw lost() }
        try flush(by: deadline)
        var affected = 0
        var failure = refusal
        while let result = try nextResult(by: deadline) {
            failure = failure ?? result.error
            affected = result.affected
        }
        noteLoss()
        if let failure { throw failure }
        return affected
    }

    /// A COPY that cannot go on leaves a connection nobody can use.
    private func lost() -> PostgresError {
        let error = broken()
        abandon()
        return error
    }
}
