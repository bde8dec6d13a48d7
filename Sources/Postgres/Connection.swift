import CLibPQ
import Glibc

/// The libpq connection under a session: sends, waits, collects. Used by one thread at a time, the session's.
///
/// libpq runs in non-blocking mode and all waiting happens in `poll`, so that every wait can have a deadline: neither a
/// lost network nor a stopped server can hold a thread for ever.
final class Connection {
    typealias Deadline = ContinuousClock.Instant?

    let handle: OpaquePointer
    let canceller: Canceller
    private let farewell = Farewell()
    /// Set once the connection cannot be used any more, whatever libpq believes.
    private(set) var isBroken = false

    init(_ configuration: Configuration) throws(PostgresError) {
        let keywords = try configuration.keywords()
        let names = keywords.map { strdup($0.name) }
        let values = keywords.map { strdup($0.value) }
        defer { for text in names + values { free(text) } }
        let nameList = names.map { UnsafePointer($0) } + [nil]
        let valueList = values.map { UnsafePointer($0) } + [nil]
        guard let handle = PQconnectdbParams(nameList, valueList, 1) else {
            throw PostgresError(kind: .connection, message: "libpq has no memory for a connection")
        }
        guard PQstatus(handle) == CONNECTION_OK, PQsetnonblocking(handle, 1) == 0,
            let canceller = Canceller(handle)
        else {
            defer { PQfinish(handle) }
            throw Self.connectFailure(String(cString: PQerrorMessage(handle)).trimmed)
        }
        self.handle = handle
        self.canceller = canceller
        farewell.listen(to: handle)
    }

    deinit {
        PQfinish(handle)
    }

    var socket: Int32 { PQsocket(handle) }

    var transactionStatus: PGTransactionStatusType {
        isBroken ? PQTRANS_UNKNOWN : PQtransactionStatus(handle)
    }

    /// What a refused connection means. libpq gives no SQLSTATE here, so its text must do.
    private static func connectFailure(_ message: String) -> PostgresError {
        let kind: PostgresError.Kind =
            if message.contains("too many clients") || message.contains("remaining connection slots") {
                .tooManyConnections
            } else if message.contains("starting up") || message.contains("shutting down") {
                .shutdown
            } else {
                .connection
            }
        return PostgresError(kind: kind, message: message)
    }

    /// Sends with `send`, then collects every result. The last one counts; the first error ends it.
    func exchange(by deadline: Deadline, _ send: (OpaquePointer) -> Int32) throws(PostgresError) -> ResultHandle {
        guard send(handle) == 1 else { throw broken() }
        try flush(by: deadline)
        var last: ResultHandle?
        var failure: PostgresError?
        while let result = try nextResult(by: deadline) {
            switch result.status {
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                isBroken = true
                throw PostgresError(kind: .usage, message: "COPY needs copyIn; this session is closed")
            default: break
            }
            failure = failure ?? result.error
            last = result
        }
        noteLoss()
        if let failure { throw failure }
        guard let last else { throw broken() }
        return last
    }

    /// The next result of the statement under way; `nil` at its end.
    func nextResult(by deadline: Deadline) throws(PostgresError) -> ResultHandle? {
        while PQisBusy(handle) == 1 {
            _ = try wait(for: Int16(POLLIN), by: deadline)
            guard PQconsumeInput(handle) == 1 else { break }
        }
        return PQgetResult(handle).map(ResultHandle.init)
    }

    /// Writes all that is buffered, reading meanwhile so that the server never waits for us to read.
    func flush(by deadline: Deadline) throws(PostgresError) {
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1: break
            // The server may have said why before it hung up: let the caller read on.
            default: return
            }
            let ready = try wait(for: Int16(POLLIN | POLLOUT), by: deadline)
            if ready & Int16(POLLIN) != 0 { _ = PQconsumeInput(handle) }
        }
    }

    /// Waits until the socket is ready and returns for what; a deadline that passes breaks the connection.
    private func wait(for events: Int16, by deadline: Deadline) throws(PostgresError) -> Int16 {
        switch Poll.wait(for: [(socket, events)], until: deadline) {
        case .ready(let found): return found[0]
        case .late:
            isBroken = true
            throw PostgresError(kind: .statementTimeout, message: "the server did not answer in time")
        case .failed(let code):
            isBroken = true
            throw PostgresError(kind: .connection, message: "poll failed with errno \(code)")
        }
    }

    /// Reads what has come unasked. `false` when the server has hung up, or said that it will.
    func absorb() -> Bool {
        while !isBroken, Poll.isReadable(socket) {
            if PQconsumeInput(handle) == 0 { isBroken = true }
            // Asked only because libpq looks into what it has read then.
            _ = PQisBusy(handle)
            isBroken = isBroken || farewell.wasHeard
            noteLoss()
        }
        return !isBroken
    }

    /// Declares the connection unusable.
    func abandon() {
        isBroken = true
    }

    func noteLoss() {
        if PQstatus(handle) != CONNECTION_OK { isBroken = true }
    }

    /// libpq's own complaint, as an error of the connection.
    func broken() -> PostgresError {
        noteLoss()
        let message = String(cString: PQerrorMessage(handle)).trimmed
        return PostgresError(kind: isBroken ? .connection : .usage, message: message)
    }
}

/// Listens for the server's last words. To an idle session they come as a notice, just before it hangs up; other
/// notices have no reader.
private final class Farewell {
    private(set) var wasHeard = false

    /// The connection this is part of outlives all its notices, so it may hold a bare pointer.
    func listen(to handle: OpaquePointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = PQsetNoticeReceiver(
            handle,
            { context, notice in
                guard let context, let severity = PQresultErrorField(notice, Int32(UInt8(ascii: "V"))) else { return }
                if ["FATAL", "PANIC"].contains(String(cString: severity)) {
                    Unmanaged<Farewell>.fromOpaque(context).takeUnretainedValue().wasHeard = true
                }
            },
            context
        )
    }
}

/// The right to ask the server, over a connection of its own, to stop the statement that runs now.
///
/// `@unchecked Sendable` because a `PGcancel` is never written after it is made, and `PQcancel` may be called from
/// any thread.
final class Canceller: @unchecked Sendable {
    private let pointer: OpaquePointer

    init?(_ handle: OpaquePointer) {
        guard let pointer = PQgetCancel(handle) else { return nil }
        self.pointer = pointer
    }

    deinit {
        PQfreeCancel(pointer)
    }

    /// Blocks until the server has taken the request. What comes of it shows in the statement, not here.
    func cancel() {
        var reason = [CChar](repeating: 0, count: 256)
        _ = PQcancel(pointer, &reason, Int32(reason.count))
    }
}
