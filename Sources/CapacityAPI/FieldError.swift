/// One thing wrong with a request: where (RFC 6901 pointer into the body), which rule, and a sentence for a person.
package struct FieldError: Hashable, Sendable, Codable {
    /// The rule that was broken. Codes are never renamed.
    package enum Code: String, Sendable, Codable, CaseIterable {
        case unknownField = "unknown-field"
        case missing
        case wrongType = "wrong-type"
        case outOfRange = "out-of-range"
        case unknownValue = "unknown-value"
        case badFormat = "bad-format"
        case contradiction
        case tooMany = "too-many"
        case unsupported
        /// No host has so much, even when empty.
        case exceedsEveryHost = "exceeds-every-host"
        /// As many orders wait for capacity as may.
        case waitingListFull = "waiting-list-full"
        /// No machine of an order has the image, and no registry knows it.
        case imageNotFound = "image-not-found"
    }

    package var pointer: String
    package var code: Code
    package var detail: String

    package init(pointer: String, code: Code, detail: String) {
        self.pointer = pointer
        self.code = code
        self.detail = detail
    }
}

extension FieldError {
    /// A reference token of RFC 6901: `~` and `/` written as `~0` and `~1`.
    package static func escape(_ token: String) -> String {
        var escaped = ""
        for character in token {
            switch character {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
