import CLibPQ

extension Connection {
    /// Runs a statement that is not prepared: one round trip.
    func run(_ request: Request, by deadline: Deadline) throws(PostgresError) -> ResultHandle {
        try exchange(by: deadline) { handle in request.send(to: handle) }
    }

    func prepare(_ name: String, _ request: Request, by deadline: Deadline) throws(PostgresError) {
        _ = try exchange(by: deadline) { handle in
            PQsendPrepare(handle, name, request.text, Int32(request.types.count), request.types)
        }
    }

    func run(prepared name: String, _ request: Request, by deadline: Deadline) throws(PostgresError) -> ResultHandle {
        try exchange(by: deadline) { handle in request.send(to: handle, prepared: name) }
    }

    /// Runs text without parameters, which may hold many statements.
    func run(script: String, by deadline: Deadline) throws(PostgresError) -> ResultHandle {
        guard !script.utf8.contains(0) else { throw Request.zeroByte }
        return try exchange(by: deadline) { handle in PQsendQuery(handle, script) }
    }
}

/// A statement in the form libpq takes it: text, type ids, and all values in one block of C strings.
struct Request {
    let text: String
    let types: [UInt32]
    private let values: [CChar]
    /// Where each value begins in `values`; `nil` for NULL.
    private let offsets: [Int?]

    static let maximumBinds = 65_535
    static let zeroByte = PostgresError(kind: .usage, message: "PostgreSQL's text cannot hold a zero byte")

    init(_ statement: Statement) throws(PostgresError) {
        guard statement.binds.count <= Self.maximumBinds else {
            let count = statement.binds.count
            throw PostgresError(kind: .usage, message: "\(count) values in one statement; bind an array, or use COPY")
        }
        text = statement.text
        types = statement.binds.map(\.type.oid)
        var values: [CChar] = []
        var offsets: [Int?] = []
        offsets.reserveCapacity(statement.binds.count)
        // A zero byte would end a C string and silently shorten it.
        var hasZero = Self.withBytes(of: text) { $0.contains(0) }
        for bind in statement.binds {
            guard let text = bind.text else {
                offsets.append(nil)
                continue
            }
            offsets.append(values.count)
            Self.withBytes(of: text) { bytes in
                hasZero = hasZero || bytes.contains(0)
                values.append(contentsOf: bytes)
            }
            values.append(0)
        }
        guard !hasZero else { throw Self.zeroByte }
        self.values = values
        self.offsets = offsets
    }

    /// A text of this library's own making, without values.
    init(command text: String) {
        (self.text, types, values, offsets) = (text, [], [], [])
    }

    static func all(of statements: [Statement]) throws(PostgresError) -> [Request] {
        var requests: [Request] = []
        requests.reserveCapacity(statements.count)
        for statement in statements { requests.append(try Request(statement)) }
        return requests
    }

    /// The bytes of `text` as C has them, in one piece: statements are made of many small texts.
    private static func withBytes<Value>(of text: String, _ body: (UnsafeBufferPointer<CChar>) -> Value) -> Value {
        var text = text
        return text.withUTF8 { bytes in bytes.withMemoryRebound(to: CChar.self, body) }
    }

    func send(to handle: OpaquePointer) -> Int32 {
        withPointers { pointers in
            PQsendQueryParams(handle, text, Int32(types.count), types, pointers, nil, nil, 0)
        }
    }

    func send(to handle: OpaquePointer, prepared name: String) -> Int32 {
        withPointers { pointers in
            PQsendQueryPrepared(handle, name, Int32(types.count), pointers, nil, nil, 0)
        }
    }

    private func withPointers(_ body: ([UnsafePointer<CChar>?]) -> Int32) -> Int32 {
        values.withUnsafeBufferPointer { buffer in
            body(offsets.map { offset in offset.flatMap { buffer.baseAddress?.advanced(by: $0) } })
        }
    }
}
