/// One server-sent event.
struct ServerSentEvent: Equatable, Sendable {
    /// What `Last-Event-ID` shall say to go on after it.
    var id: String?
    var name = "message"
    var data = ""
}

/// Reads an event stream as the HTML standard writes it: bytes in, in pieces of any size; events out.
struct EventStreamParser {
    /// A line or an event longer than this is none of ours; the stream is given up.
    static let byteLimit = 1 << 20

    struct TooLong: Error, Equatable {}

    private var line: [UInt8] = []
    private var lastWasReturn = false
    private var isFirstLine = true
    private var event = ServerSentEvent()
    private var data: [String] = []
    private var size = 0

    mutating func parse(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            switch byte {
            // CR LF is one end of line, and its halves may come in two pieces.
            case UInt8(ascii: "\n") where lastWasReturn: lastWasReturn = false
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                lastWasReturn = byte == UInt8(ascii: "\r")
                if let event = endLine() { events.append(event) }
            default:
                lastWasReturn = false
                line.append(byte)
                size += 1
                guard size <= Self.byteLimit else { throw TooLong() }
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        var text = String(decoding: line, as: UTF8.self)[...]
        line.removeAll(keepingCapacity: true)
        if isFirstLine, text.first == "\u{FEFF}" { text = text.dropFirst() }
        isFirstLine = false
        guard !text.isEmpty else { return dispatch() }
        let name = text.prefix { $0 != ":" }
        var value = text.dropFirst(name.count + 1)
        if value.first == " " { value = value.dropFirst() }
        switch name {
        case "event": event.name = String(value)
        case "data": data.append(String(value))
        case "id" where !value.unicodeScalars.contains("\0"): event.id = String(value)
        default: break  // A comment, `retry`, or a field this version of the standard has not.
        }
        return nil
    }

    /// An empty line ends an event; one without data, such as a heartbeat's, is none.
    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            event = ServerSentEvent()
            data = []
            size = 0
        }
        guard !data.isEmpty else { return nil }
        event.data = data.joined(separator: "\n")
        return event
    }
}
