import CapacityModel

extension Duration {
    /// The length a person typed: `250ms`, `2s`, or ISO 8601 such as `PT1M`.
    package init?(typed text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        switch (Int64(digits), text.dropFirst(digits.count)) {
        case (let count?, "ms"): self = .milliseconds(count)
        case (let count?, "s"): self = .seconds(count)
        default:
            guard let duration = Duration(iso8601: text) else { return nil }
            self = duration
        }
    }
}
