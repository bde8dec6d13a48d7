/// A value the queue cannot take: which field it was for, what that may hold, and what was found.
public struct InvalidValue: Error, Equatable, Sendable, CustomStringConvertible {
    public let field: String
    public let limit: String
    public let found: String

    public var description: String { "\(field) must be \(limit); found \(found)" }

    static func check(_ value: Int, within range: ClosedRange<Int>, as field: String) throws(InvalidValue) {
        guard !range.contains(value) else { return }
        throw InvalidValue(field: field, limit: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
    }

    /// Counts as PostgreSQL's `length` does, so that its CHECK and this say the same.
    static func check(_ text: String, lengths: ClosedRange<Int>, as field: String) throws(InvalidValue) {
        guard !text.utf8.contains(0) else {
            throw InvalidValue(field: field, limit: "text without NUL", found: "a NUL")
        }
        let length = text.unicodeScalars.count
        guard !lengths.contains(length) else { return }
        let limit = "\(lengths.lowerBound) to \(lengths.upperBound) characters long"
        throw InvalidValue(field: field, limit: limit, found: "\(length)")
    }
}
