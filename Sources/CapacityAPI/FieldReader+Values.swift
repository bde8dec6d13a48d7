import CapacityModel

extension FieldReader {
    /// One of the raw values of `type`.
    func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String,
        of type: Value.Type,
        required: Bool = false
    ) -> Value? where Value.RawValue == String {
        guard let text = string(name, required: required) else { return nil }
        guard let value = Value(rawValue: text) else {
            let choices = Value.allCases.map(\.rawValue).joined(separator: ", ")
            report(name, .unknownValue, "'\(text)' is none of: \(choices)")
            return nil
        }
        return value
    }

    func instant(_ name: String, required: Bool = false) -> Instant? {
        guard let text = string(name, required: required) else { return nil }
        guard let instant = Instant(text) else {
            report(
                name, .badFormat, "expected RFC 3339 with an offset, like 2026-06-17T20:00:00+08:00; found '\(text)'")
            return nil
        }
        return instant
    }

    /// An ISO 8601 length within `range` of seconds.
    func duration(_ name: String, required: Bool = false, seconds range: ClosedRange<Int64>) -> Duration? {
        guard let text = string(name, required: required) else { return nil }
        guard let duration = Duration(iso8601: text) else {
            report(name, .badFormat, "expected an ISO 8601 duration like PT4H or PT90S; found '\(text)'")
            return nil
        }
        guard range.contains(duration.wholeSeconds) else {
            let least = Duration.seconds(range.lowerBound).iso8601
            let days = range.upperBound / 86_400
            let most = days > 0 ? "P\(days)D" : Duration.seconds(range.upperBound).iso8601
            report(name, .outOfRange, "from \(least) to \(most); found \(text)")
            return nil
        }
        return duration
    }

    /// A two-digit province code of GB/T 2260.
    func province(_ name: String) -> String? {
        guard let code = string(name) else { return nil }
        guard Province.named(code) != nil else {
            report(
                name, .unknownValue, "'\(code)' is no two-digit province code of GB/T 2260, such as 44 for Guangdong")
            return nil
        }
        return code
    }

    /// A four-digit city code whose first two digits are a province.
    func city(_ name: String) -> String? {
        guard let code = string(name) else { return nil }
        let isCode = code.utf8.count == 4 && code.utf8.allSatisfy { (48...57).contains($0) }
        guard isCode, Province.named(String(code.prefix(2))) != nil else {
            report(name, .unknownValue, "'\(code)' is no four-digit city code of GB/T 2260, such as 4403 for Shenzhen")
            return nil
        }
        return code
    }
}
