/// A statement whose values are parameters.
///
/// Written as a string literal: every interpolated value becomes `$1`, `$2`, … and travels beside the text, never in
/// it. The text itself can only come from literals of the program (`StaticString`), so SQL made from input cannot be
/// written, not even on purpose.
///
/// ```swift
/// let statement: Statement = "SELECT name FROM site WHERE province = \(province) AND host_count > \(5)"
/// ```
public struct Statement: ExpressibleByStringInterpolation, Sendable {
    struct Bind: Equatable, Sendable {
        var type: PostgresType
        var text: String?
    }

    /// The literal text around the binds: always one more than there are binds.
    private(set) var pieces: [String] = [""]
    private(set) var binds: [Bind] = []

    public init(stringLiteral text: StaticString) {
        pieces = [text.description]
    }

    public init(stringInterpolation: Interpolation) {
        self = stringInterpolation.statement
    }

    /// The text the server sees, with numbered parameters.
    public var text: String {
        var text = pieces[0]
        for (index, piece) in pieces.dropFirst().enumerated() {
            text += "$\(index + 1)"
            text += piece
        }
        return text
    }

    /// `statements` one after the other with `separator` between them: a list of conditions, of values, of columns.
    public init(joining statements: some Sequence<Statement>, separator: StaticString) {
        var isFirst = true
        for statement in statements {
            if !isFirst { append(separator.description) }
            isFirst = false
            append(statement)
        }
    }

    private mutating func append(_ text: String) {
        pieces[pieces.count - 1] += text
    }

    private mutating func append(_ other: Statement) {
        append(other.pieces[0])
        pieces.append(contentsOf: other.pieces.dropFirst())
        binds.append(contentsOf: other.binds)
    }

    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var statement = Statement(stringLiteral: "")

        public init(literalCapacity: Int, interpolationCount: Int) {}

        public mutating func appendLiteral(_ literal: StaticString) {
            statement.append(literal.description)
        }

        /// A value, bound as a parameter.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value) {
            statement.binds.append(Bind(type: Value.postgresType, text: value.postgresText))
            statement.pieces.append("")
        }

        /// A value, bound as a parameter; `nil` is NULL.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            statement.binds.append(Bind(type: Value.postgresType, text: value?.postgresText))
            statement.pieces.append("")
        }

        /// A part of a statement with its own parameters, which are numbered anew.
        public mutating func appendInterpolation(statement part: Statement) {
            statement.append(part)
        }

        /// The name of a table, column, role or channel, quoted. Only for names that cannot be known when the program
        /// is written.
        public mutating func appendInterpolation(identifier: String) {
            statement.append(quoted(identifier: identifier))
        }
    }
}

/// `identifier` in double quotes, so that it names one thing whatever characters it has.
func quoted(identifier: String) -> String {
    var text = "\""
    for scalar in identifier.unicodeScalars {
        if scalar == "\"" { text += "\"" }
        text.unicodeScalars.append(scalar)
    }
    return text + "\""
}
