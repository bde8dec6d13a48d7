/// A value that can be read from a column.
///
/// Enums and other raw-representable types conform with an empty extension: they are read as their raw value, and a
/// raw value they do not know is a decoding error.
public protocol PostgresDecodable: PostgresArrayDecodable {
    init(from cell: borrowing PostgresCell) throws(PostgresError)
}

/// A value that arrays of it can be read from a column. See `PostgresArrayEncodable`.
public protocol PostgresArrayDecodable: Sendable {
    static func array(from cell: borrowing PostgresCell) throws(PostgresError) -> [Self]
}

public typealias PostgresCodable = PostgresEncodable & PostgresDecodable

/// One field of one row while it is being read. Cannot be copied, so it cannot outlive the result it points into.
public struct PostgresCell: ~Copyable {
    /// The text of the value; `nil` for NULL.
    let bytes: UnsafeBufferPointer<UInt8>?
    public let type: PostgresType
    public let column: String

    init(bytes: UnsafeBufferPointer<UInt8>?, type: PostgresType, column: String) {
        self.bytes = bytes
        self.type = type
        self.column = column
    }

    public var isNull: Bool { bytes == nil }

    /// The value's text, whatever its type.
    public func text() throws(PostgresError) -> String {
        String(decoding: try content(as: String.self), as: UTF8.self)
    }

    /// The error that says this value is no `wanted`. It names the column and the type, never the value.
    public func refusal(_ wanted: Any.Type) -> PostgresError {
        let found = isNull ? "NULL" : "a value of type oid \(type.oid)"
        var error = PostgresError(kind: .decoding, message: "column \"\(column)\" holds \(found), no \(wanted)")
        error.column = column
        return error
    }

    /// The bytes of a value that is not NULL and of one of `types` (any type when empty).
    func content(
        as wanted: Any.Type,
        of types: PostgresType...
    ) throws(PostgresError) -> UnsafeBufferPointer<UInt8> {
        guard let bytes, types.isEmpty || types.contains(type) else { throw refusal(wanted) }
        return bytes
    }
}

extension PostgresDecodable {
    public static func array(from cell: borrowing PostgresCell) throws(PostgresError) -> [Self] {
        let bytes = try cell.content(as: [Self].self)
        guard let items = ArrayText.decode(bytes) else { throw cell.refusal([Self].self) }
        let element = cell.type.element
        var values: [Self] = []
        values.reserveCapacity(items.count)
        for item in items {
            values.append(try decode(item, type: element, column: cell.column))
        }
        return values
    }

    private static func decode(_ item: [UInt8]?, type: PostgresType, column: String) throws(PostgresError) -> Self {
        guard let item else { return try Self(from: PostgresCell(bytes: nil, type: type, column: column)) }
        let outcome = item.withUnsafeBufferPointer { bytes -> Result<Self, PostgresError> in
            Result { () throws(PostgresError) in
                try Self(from: PostgresCell(bytes: bytes, type: type, column: column))
            }
        }
        return try outcome.get()
    }
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    public init(from cell: borrowing PostgresCell) throws(PostgresError) {
        guard let value = Self(rawValue: try RawValue(from: cell)) else { throw cell.refusal(Self.self) }
        self = value
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    public init(from cell: borrowing PostgresCell) throws(PostgresError) {
        self = cell.isNull ? nil : try Wrapped(from: cell)
    }
}

extension Optional: PostgresArrayDecodable where Wrapped: PostgresDecodable {}

extension Array: PostgresDecodable where Element: PostgresArrayDecodable {
    public init(from cell: borrowing PostgresCell) throws(PostgresError) {
        self = try Element.array(from: cell)
    }
}

extension Array: PostgresArrayDecodable where Element: PostgresArrayDecodable {}
