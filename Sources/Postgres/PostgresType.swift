/// A type of PostgreSQL, by its object id. The ids of built-in types never change.
public struct PostgresType: Hashable, Sendable {
    public var oid: UInt32

    public init(oid: UInt32) {
        self.oid = oid
    }

    /// The server finds the type from where the parameter stands.
    public static let inferred = PostgresType(oid: 0)
    public static let bool = PostgresType(oid: 16)
    public static let bytea = PostgresType(oid: 17)
    public static let int8 = PostgresType(oid: 20)
    public static let int2 = PostgresType(oid: 21)
    public static let int4 = PostgresType(oid: 23)
    public static let text = PostgresType(oid: 25)
    public static let oid = PostgresType(oid: 26)
    public static let json = PostgresType(oid: 114)
    public static let float4 = PostgresType(oid: 700)
    public static let float8 = PostgresType(oid: 701)
    public static let timestamptz = PostgresType(oid: 1184)
    public static let numeric = PostgresType(oid: 1700)
    public static let jsonb = PostgresType(oid: 3802)

    /// Whether an integer may be read from it.
    var isWholeNumber: Bool {
        switch self {
        case .int8, .int4, .int2, .numeric, .oid: true
        default: false
        }
    }

    /// Element type and array type of every built-in type this library knows.
    private static let arrays: [(element: PostgresType, array: PostgresType)] = [
        (.bool, PostgresType(oid: 1000)), (.bytea, PostgresType(oid: 1001)), (.int8, PostgresType(oid: 1016)),
        (.int2, PostgresType(oid: 1005)), (.int4, PostgresType(oid: 1007)), (.text, PostgresType(oid: 1009)),
        (.oid, PostgresType(oid: 1028)), (.json, PostgresType(oid: 199)), (.float4, PostgresType(oid: 1021)),
        (.float8, PostgresType(oid: 1022)), (.timestamptz, PostgresType(oid: 1185)),
        (.numeric, PostgresType(oid: 1231)), (.jsonb, PostgresType(oid: 3807)),
    ]

    /// The array of this type; `inferred` where it is not built in.
    public var array: PostgresType {
        Self.arrays.first { $0.element == self }?.array ?? .inferred
    }

    /// The element of this array type; `inferred` where it is not built in.
    var element: PostgresType {
        Self.arrays.first { $0.array == self }?.element ?? .inferred
    }
}
