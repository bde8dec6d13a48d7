/// A class of tenants, by its name: what operators protect capacity for. Every tenant is of one.
package struct TenantClass: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: String

    /// Of whom nothing else was said.
    package static let standard = TenantClass(rawValue: "standard")
    /// The class no tenant is of: what is protected for it is the operator's own.
    package static let nobody = TenantClass(rawValue: "nobody")

    /// Takes any text; `init(name:)` is for what people write.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// The class that `name` names: 1 to 63 lower-case letters, digits and hyphens, a letter first. Else `nil`.
    package init?(name: String) {
        guard (1...63).contains(name.utf8.count), name.utf8.first.map(Self.isLetter) == true,
            name.utf8.allSatisfy({ Self.isLetter($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") })
        else { return nil }
        rawValue = name
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }

    package static func < (left: TenantClass, right: TenantClass) -> Bool {
        left.rawValue.utf8.lexicographicallyPrecedes(right.rawValue.utf8)
    }
}
