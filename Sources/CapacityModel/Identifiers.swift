/// A number the database gave a tenant.
package struct TenantID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: TenantID, right: TenantID) -> Bool { left.rawValue < right.rawValue }
}

/// A number the database gave an order; `ord-12` to customers.
package struct OrderID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: OrderID, right: OrderID) -> Bool { left.rawValue < right.rawValue }

    package var text: String { "ord-\(rawValue)" }

    /// The id that `text` names, or `nil` where it was not made by ``text``.
    package init?(text: String) {
        guard let number = number(in: text, after: "ord-") else { return nil }
        rawValue = number
    }
}

/// A number the database gave a hold; `rsv-7` to customers, to whom a hold is a reservation.
package struct HoldID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: HoldID, right: HoldID) -> Bool { left.rawValue < right.rawValue }

    package var text: String { "rsv-\(rawValue)" }

    /// The id that `text` names, or `nil` where it was not made by ``text``.
    package init?(text: String) {
        guard let number = number(in: text, after: "rsv-") else { return nil }
        rawValue = number
    }
}

/// A number the database gave a closure; `cls-3` to operators.
package struct ClosureID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: ClosureID, right: ClosureID) -> Bool { left.rawValue < right.rawValue }

    package var text: String { "cls-\(rawValue)" }

    /// The id that `text` names, or `nil` where it was not made by ``text``.
    package init?(text: String) {
        guard let number = number(in: text, after: "cls-") else { return nil }
        rawValue = number
    }
}

/// A number the database gave an instance; `i-345` to customers and agents.
package struct InstanceID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: InstanceID, right: InstanceID) -> Bool { left.rawValue < right.rawValue }

    package var text: String { "i-\(rawValue)" }

    /// The id that `text` names, or `nil` where it was not made by ``text``.
    package init?(text: String) {
        guard let number = number(in: text, after: "i-") else { return nil }
        rawValue = number
    }
}

/// The positive number in canonical decimal after `prefix`; one id has one text.
private func number(in text: String, after prefix: String) -> Int64? {
    guard text.hasPrefix(prefix), let number = Int64(text.dropFirst(prefix.count)), number > 0,
        prefix + String(number) == text
    else { return nil }
    return number
}
