/// Any JSON value, as it came. Requests are read from this tree, so that every error can name its place (RFC 6901).
package enum JSONValue: Hashable, Sendable, Codable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {  // not a Bool: the next kind is tried
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {  // not an integer: the next kind is tried
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {  // not a number: the next kind is tried
            self = .number(value)
        } else if let value = try? container.decode(String.self) {  // not a string: the next kind is tried
            self = .string(value)
        } else {
            self = try Self.whole(in: container)
        }
    }

    /// An array, an object, or what looked like a number and was beyond all of them.
    private static func whole(in container: any SingleValueDecodingContainer) throws -> Self {
        func isHere(_ context: DecodingError.Context) -> Bool { context.codingPath.count == container.codingPath.count }
        do {
            return .array(try container.decode([JSONValue].self))
        } catch DecodingError.typeMismatch(_, let context) where isHere(context) {}
        do {
            return .object(try container.decode([String: JSONValue].self))
        } catch DecodingError.typeMismatch(_, let context) where isHere(context) {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a number as large as this cannot be read"
            )
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// What this is called in an error message.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
