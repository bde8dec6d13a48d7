/// Reads one JSON object field by field and collects every error with its pointer.
///
/// A field that was never asked for is an error too: a misspelt limit must not silently mean "no limit".
final class FieldReader {
    /// The errors of one whole body, shared by the readers of its parts; at most `limit` are kept.
    final class Findings {
        private(set) var errors: [FieldError] = []
        private let limit = 50

        func add(_ error: FieldError) {
            if errors.count < limit { errors.append(error) }
        }
    }

    let pointer: String
    let findings: Findings
    /// Without nulls, which are the same as absent ones where a field is known.
    private let fields: [String: JSONValue]
    private let names: [String]
    private var known: Set<String> = []

    init(_ fields: [String: JSONValue], at pointer: String, findings: Findings) {
        self.fields = fields.filter { $0.value != .null }
        names = fields.keys.sorted()
        self.pointer = pointer
        self.findings = findings
    }

    /// Says which fields were never asked for. Call when everything has been read.
    func finish() {
        for name in names where !known.contains(name) {
            let expected = known.sorted().joined(separator: ", ")
            report(name, .unknownField, "unknown field; this object has: \(expected)")
        }
    }

    func report(_ name: String?, _ code: FieldError.Code, _ detail: String) {
        let escaped = name.map { "/" + FieldError.escape($0) } ?? ""
        findings.add(FieldError(pointer: pointer + escaped, code: code, detail: detail))
    }

    func has(_ name: String) -> Bool { fields[name] != nil }

    private func value(_ name: String, required: Bool) -> JSONValue? {
        known.insert(name)
        guard let value = fields[name] else {
            if required { report(name, .missing, "required") }
            return nil
        }
        return value
    }

    func string(_ name: String, required: Bool = false, maxLength: Int = 256) -> String? {
        guard let value = value(name, required: required) else { return nil }
        guard case .string(let text) = value else {
            report(name, .wrongType, "expected a string, found \(value.kind)")
            return nil
        }
        guard text.utf8.count <= maxLength, !text.utf8.contains(0) else {
            report(name, .outOfRange, "at most \(maxLength) bytes, none of them zero; found \(text.utf8.count)")
            return nil
        }
        return text
    }

    func integer(_ name: String, required: Bool = false, in range: ClosedRange<Int64>) -> Int64? {
        guard let value = value(name, required: required) else { return nil }
        if case .number(let number) = value {
            // A whole one here is beyond all integers.
            let isWhole = number == number.rounded()
            let expected = isWhole ? "from \(range.lowerBound) to \(range.upperBound)" : "expected a whole number"
            report(name, isWhole ? .outOfRange : .wrongType, "\(expected); found \(number)")
            return nil
        }
        guard case .integer(let number) = value else {
            report(name, .wrongType, "expected a whole number, found \(value.kind)")
            return nil
        }
        guard range.contains(number) else {
            report(name, .outOfRange, "from \(range.lowerBound) to \(range.upperBound); found \(number)")
            return nil
        }
        return number
    }

    func number(_ name: String, required: Bool = false, in range: ClosedRange<Double>) -> Double? {
        guard let value = value(name, required: required) else { return nil }
        let found: Double
        switch value {
        case .integer(let integer): found = Double(integer)
        case .number(let number): found = number
        default:
            report(name, .wrongType, "expected a number, found \(value.kind)")
            return nil
        }
        guard range.contains(found) else {
            report(name, .outOfRange, "from \(range.lowerBound) to \(range.upperBound); found \(found)")
            return nil
        }
        return found
    }

    func bool(_ name: String) -> Bool? {
        guard let value = value(name, required: false) else { return nil }
        guard case .bool(let flag) = value else {
            report(name, .wrongType, "expected true or false, found \(value.kind)")
            return nil
        }
        return flag
    }

    func object(_ name: String, required: Bool = false) -> FieldReader? {
        guard let value = value(name, required: required) else { return nil }
        guard case .object(let inner) = value else {
            report(name, .wrongType, "expected an object, found \(value.kind)")
            return nil
        }
        return FieldReader(inner, at: "\(pointer)/\(name)", findings: findings)
    }

    /// The objects of an array; others are reported and left out.
    func objects(_ name: String, atMost limit: Int) -> [FieldReader] {
        elements(name, atMost: limit).compactMap { index, element in
            guard case .object(let inner) = element else {
                findings.add(
                    FieldError(
                        pointer: "\(pointer)/\(name)/\(index)",
                        code: .wrongType,
                        detail: "expected an object, found \(element.kind)"
                    )
                )
                return nil
            }
            return FieldReader(inner, at: "\(pointer)/\(name)/\(index)", findings: findings)
        }
    }

    func strings(_ name: String, atMost limit: Int, maxLength: Int = 256) -> [String] {
        elements(name, atMost: limit).compactMap { index, element in
            guard case .string(let text) = element, text.utf8.count <= maxLength, !text.utf8.contains(0) else {
                findings.add(
                    FieldError(
                        pointer: "\(pointer)/\(name)/\(index)",
                        code: .wrongType,
                        detail: "expected a string of at most \(maxLength) bytes, found \(element.kind)"
                    )
                )
                return nil
            }
            return text
        }
    }

    /// An object whose values are all strings, such as labels.
    func stringMap(_ name: String, atMost limit: Int) -> [String: String] {
        guard let value = value(name, required: false) else { return [:] }
        guard case .object(let inner) = value else {
            report(name, .wrongType, "expected an object of strings, found \(value.kind)")
            return [:]
        }
        guard inner.count <= limit else {
            report(name, .tooMany, "at most \(limit) entries, found \(inner.count)")
            return [:]
        }
        var map: [String: String] = [:]
        for (key, element) in inner.sorted(by: { $0.key < $1.key }) {
            guard case .string(let text) = element, text.utf8.count <= 4_096, !text.utf8.contains(0) else {
                report(name, .wrongType, "'\(key)': expected a string of at most 4096 bytes, found \(element.kind)")
                continue
            }
            map[key] = text
        }
        return map
    }

    private func elements(_ name: String, atMost limit: Int) -> [(Int, JSONValue)] {
        guard let value = value(name, required: false) else { return [] }
        guard case .array(let elements) = value else {
            report(name, .wrongType, "expected an array, found \(value.kind)")
            return []
        }
        guard elements.count <= limit else {
            report(name, .tooMany, "at most \(limit) entries, found \(elements.count)")
            return []
        }
        return Array(elements.enumerated()).map { ($0.offset, $0.element) }
    }
}
