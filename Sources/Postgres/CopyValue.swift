/// One field of a row for COPY.
public struct CopyValue: Sendable {
    let text: String?

    public init<Value: PostgresEncodable>(_ value: Value) {
        text = value.postgresText
    }

    public init<Value: PostgresEncodable>(_ value: Value?) {
        text = value?.postgresText
    }

    public static let null = CopyValue(nil as String?)
}

/// Rows in COPY's text format, gathered into blocks worth sending.
struct CopyBuffer {
    private(set) var bytes: [UInt8] = []

    /// Appends a row; `false` when a value holds a zero byte, which PostgreSQL cannot store.
    mutating func append(_ row: [CopyValue]) -> Bool {
        var isFirst = true
        for value in row {
            if !isFirst { bytes.append(UInt8(ascii: "\t")) }
            isFirst = false
            guard let text = value.text else {
                bytes.append(contentsOf: "\\N".utf8)
                continue
            }
            for byte in text.utf8 {
                switch byte {
                case 0: return false
                case UInt8(ascii: "\\"): append(escaped: "\\")
                case UInt8(ascii: "\t"): append(escaped: "t")
                case UInt8(ascii: "\n"): append(escaped: "n")
                case UInt8(ascii: "\r"): append(escaped: "r")
                default: bytes.append(byte)
                }
            }
        }
        bytes.append(UInt8(ascii: "\n"))
        return true
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    private mutating func append(escaped letter: Unicode.Scalar) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(ascii: letter))
    }
}
