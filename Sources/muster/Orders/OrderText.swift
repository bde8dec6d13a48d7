import CapacityAPI
import Yams

/// Reads YAML, of which JSON is a part, into JSON values.
///
/// Only what JSON has is a number, a boolean or null; every other plain word is a string. So
/// `2026-06-17T20:00:00+08:00`, `on` and `010` stay what was written, where YAML 1.1 would make a date, a boolean and
/// the number eight of them.
enum OrderText {
    /// Aliases may name one node many times; this bounds what a small file can grow to.
    private static let nodeLimit = 100_000

    static func read(
        _ text: String,
        name: String
    ) throws(Failure) -> (value: JSONValue, places: [String: OrderFile.Place]) {
        let root: Node?
        do {
            root = try Parser(yaml: Self.isJSON(text) ? Self.yaml(fromJSON: text) : text, resolver: .basic).singleRoot()
        } catch {
            throw Failure(.invalid, "\(name)\(explanation(of: error))")
        }
        guard let root else { throw Failure(.invalid, "\(name) is empty; an order was expected") }
        var walk = Walk(name: name)
        let value = try walk.value(of: root, at: "")
        return (value, walk.places)
    }

    private struct Walk {
        let name: String
        var places: [String: OrderFile.Place] = [:]
        var nodes = 0

        mutating func value(of node: Node, at pointer: String) throws(Failure) -> JSONValue {
            nodes += 1
            guard nodes <= nodeLimit else { throw Failure(.invalid, "\(name) has more than \(nodeLimit) values") }
            places[pointer] = places[pointer] ?? node.mark.map(OrderFile.Place.init)
            switch node {
            case .scalar(let scalar): return OrderText.value(of: scalar)
            case .sequence(let sequence):
                var elements: [JSONValue] = []
                for (index, element) in sequence.enumerated() {
                    elements.append(try value(of: element, at: "\(pointer)/\(index)"))
                }
                return .array(elements)
            case .mapping(let mapping):
                var fields: [String: JSONValue] = [:]
                for (key, inner) in mapping {
                    guard let field = key.scalar?.string else {
                        let place = key.mark.map { ":\($0)" } ?? ""
                        throw Failure(.invalid, "\(name)\(place): a field's name must be a word")
                    }
                    let inside = "\(pointer)/\(escaped(field))"
                    places[inside] = key.mark.map(OrderFile.Place.init)
                    fields[field] = try value(of: inner, at: inside)
                }
                return .object(fields)
            case .alias: throw Failure(.invalid, "\(name) has an alias without an anchor")
            }
        }

        private func escaped(_ token: String) -> String {
            token.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
                .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        }
    }

    private static func value(of scalar: Node.Scalar) -> JSONValue {
        guard scalar.style == .plain else { return .string(scalar.string) }
        switch scalar.string {
        case "", "~", "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        case let text where isNumber(text):
            if let integer = Int64(text) { return .integer(integer) }
            if let number = Double(text), number.isFinite { return .number(number) }
            return .string(text)
        case let text: return .string(text)
        }
    }

    /// Whether `text` is a number of JSON's: no leading zero, no sign but minus, a digit on each side of the point.
    static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func digits() -> Int {
            let count = rest.prefix { (48...57).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        func skip(_ characters: String) -> Bool {
            guard let first = rest.first, characters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = skip("-")
        let leadsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !leadsWithZero || whole == 1 else { return false }
        if skip("."), digits() == 0 { return false }
        if skip("eE") {
            _ = skip("+-")
            if digits() == 0 { return false }
        }
        return rest.isEmpty
    }
}

extension OrderFile.Place {
    fileprivate init(_ mark: Mark) {
        self.init(line: mark.line, column: mark.column)
    }
}

extension OrderText {
    private static func isJSON(_ text: String) -> Bool {
        text.first { !$0.isWhitespace } == "{"
    }

    /// JSON as YAML reads it: a tab can only stand between values there, and a pair of surrogates has an escape of its
    /// own.
    private static func yaml(fromJSON text: String) -> String {
        let spaced = text.split(separator: "\t", omittingEmptySubsequences: false).joined(separator: " ")
        let pair = /\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/
        return spaced.replacing(pair) { match in
            let (high, low) = (UInt32(match.1, radix: 16) ?? 0, UInt32(match.2, radix: 16) ?? 0)
            let scalar = String(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00), radix: 16)
            return "\\U" + String(repeating: "0", count: 8 - scalar.count) + scalar
        }
    }

    /// What is wrong and where, to stand behind the file's name.
    private static func explanation(of error: any Error) -> String {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            ":\(mark.line):\(mark.column): \(problem)"
        case YamlError.duplicatedKeysInMapping(let names, let context):
            ":\(context.mark.line):\(context.mark.column): '\(names.joined(separator: "', '"))' is given twice"
        case YamlError.reader(let problem, _, _, _): ": \(problem)"
        default: ": cannot be read: \(error)"
        }
    }
}
