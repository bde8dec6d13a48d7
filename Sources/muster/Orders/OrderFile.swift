import CapacityAPI
import Glibc

/// An order as a person wrote it: JSON or YAML, with the place of every field, so that an error can name line and
/// column.
struct OrderFile: Equatable, Sendable {
    struct Place: Equatable, Sendable, CustomStringConvertible {
        var line: Int
        var column: Int
        var description: String { "\(line):\(column)" }
    }

    /// The file as it was named: what a command that repeats this one says after `-f`.
    var name: String
    private(set) var value: JSONValue
    /// What the command line set otherwise.
    private(set) var changes = OrderChanges()
    /// By RFC 6901 pointer, as in a problem document's errors.
    let places: [String: Place]

    /// A file larger than any body the service takes need not be read.
    static let byteLimit = OrderLimits.bodyBytes

    /// Reads the file `name`, standard input where that is `-`.
    static func read(_ name: String) throws(Failure) -> OrderFile {
        let bytes = try FileBytes.read(name, atMost: byteLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.invalid, "\(shown(name)) is not UTF-8 text")
        }
        return try OrderFile(name: name, text: text)
    }

    init(name: String, text: String) throws(Failure) {
        let (value, places) = try OrderText.read(text, name: Self.shown(name))
        self.name = name
        self.value = value
        self.places = places
    }

    /// Nothing but a quote that is taken up as it was given.
    init(accepting quote: String) {
        name = ""
        value = .object(["quoteId": .string(quote)])
        changes = OrderChanges(quote: quote)
        places = [:]
    }

    static func shown(_ name: String) -> String { name == "-" ? "standard input" : name }

    /// The place of `pointer`, or of the nearest thing around it that is in the file.
    func place(of pointer: String) -> Place? {
        var pointer = pointer[...]
        while true {
            if let place = places[String(pointer)] { return place }
            guard let slash = pointer.lastIndex(of: "/") else { return nil }
            pointer = pointer[..<slash]
        }
    }

    /// The order with `changes` in place of what the file says.
    func changed(by changes: OrderChanges) -> OrderFile {
        var file = self
        file.value = changes.apply(to: value)
        file.changes = changes
        return file
    }

    /// The options that name this order, as a shell would read them, for a command that is shown to be run.
    var words: String {
        let words = (name.isEmpty ? "" : " -f \(shellWord(name))") + changes.words
        return String(words.dropFirst())
    }

    /// The bytes to send. Fields are sorted, so that the same file under the same idempotency key is the same body.
    func body() throws(Failure) -> [UInt8] {
        try JSONText.bytes(value)
    }
}

/// What of an order file the command line sets otherwise; how an offer is accepted.
struct OrderChanges: Equatable, Sendable {
    var quote: String?
    var reservation: String?
    var count: Int?
    var start: String?
    var duration: String?

    /// These changes as options, each after a space.
    var words: String {
        var words = ""
        if let count { words += " --count \(count)" }
        if let start { words += " --start \(shellWord(start))" }
        if let duration { words += " --duration \(shellWord(duration))" }
        if let quote { words += " --quote \(shellWord(quote))" }
        if let reservation { words += " --reservation \(shellWord(reservation))" }
        return words
    }

    func apply(to value: JSONValue) -> JSONValue {
        guard case .object(var fields) = value else { return value }
        if let quote { fields["quoteId"] = .string(quote) }
        if let reservation { fields["reservationId"] = .string(reservation) }
        if let count { fields["count"] = .integer(Int64(count)) }
        if start != nil || duration != nil {
            var window: [String: JSONValue] = [:]
            if case .object(let given) = fields["window"] { window = given }
            if let start { window["start"] = .string(start) }
            if let duration {
                window["duration"] = .string(duration)
                window["end"] = nil
            }
            fields["window"] = .object(window)
        }
        return .object(fields)
    }
}

/// Reads whole files and standard input.
enum FileBytes {
    static func read(_ name: String, atMost limit: Int) throws(Failure) -> [UInt8] {
        let isInput = name == "-"
        let descriptor = isInput ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure(.invalid, "\(name) cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { if !isInput { close(descriptor) } }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw Failure(.invalid, "\(OrderFile.shown(name)) cannot be read: \(String(cString: strerror(errno)))")
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else {
                throw Failure(.invalid, "\(OrderFile.shown(name)) is larger than \(limit) bytes")
            }
        }
    }
}
