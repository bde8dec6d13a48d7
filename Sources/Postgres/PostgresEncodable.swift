/// A value that can be bound to a parameter of a statement.
///
/// Enums and other raw-representable types conform with an empty extension: they travel as their raw value.
public protocol PostgresEncodable: PostgresArrayEncodable {
    /// The type the parameter is declared with.
    static var postgresType: PostgresType { get }

    /// The value in PostgreSQL's text format, `nil` for NULL.
    var postgresText: String? { get }
}

/// A value that arrays of it can be bound to a parameter. Separate from `PostgresEncodable` for the sake of
/// `UInt8`, which PostgreSQL lacks, while `[UInt8]` is its `bytea`.
public protocol PostgresArrayEncodable: Sendable {
    static var postgresArrayType: PostgresType { get }

    static func postgresText(ofArray array: [Self]) -> String
}

extension PostgresEncodable {
    public static var postgresArrayType: PostgresType { postgresType.array }

    public static func postgresText(ofArray array: [Self]) -> String {
        ArrayText.encode(array.lazy.map { $0.postgresText })
    }
}

extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    public static var postgresType: PostgresType { RawValue.postgresType }
    public static var postgresArrayType: PostgresType { RawValue.postgresArrayType }
    public var postgresText: String? { rawValue.postgresText }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    public static var postgresType: PostgresType { Wrapped.postgresType }
    /// By a closure: of a generic type a key path is made anew each time, which takes longer than the text.
    public var postgresText: String? { flatMap { $0.postgresText } }
}

extension Optional: PostgresArrayEncodable where Wrapped: PostgresEncodable {
    public static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
}

extension Array: PostgresEncodable where Element: PostgresArrayEncodable {
    public static var postgresType: PostgresType { Element.postgresArrayType }
    public var postgresText: String? { Element.postgresText(ofArray: self) }
}

extension Array: PostgresArrayEncodable where Element: PostgresArrayEncodable {}
