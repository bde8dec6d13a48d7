import CapacityAPI
import CapacityModel

/// As much of JSON Schema 2020-12 as the service's own schemas use: says where a value breaks one.
struct Schema {
    private let schemas: [String: JSONValue]

    init?(document: JSONValue) {
        guard case .object(let root) = document, case .object(let components)? = root["components"],
            case .object(let schemas)? = components["schemas"]
        else { return nil }
        self.schemas = schemas
    }

    var names: [String] { schemas.keys.sorted() }

    /// The examples that a schema itself carries.
    func examples(of name: String) -> [JSONValue] {
        guard case .object(let schema)? = schemas[name], case .array(let examples)? = schema["examples"] else {
            return []
        }
        return examples
    }

    /// The flaws of `value` under the schema named `name`, each with its place; none where it holds.
    func flaws(of value: JSONValue, as name: String) -> [String] {
        guard let schema = schemas[name] else { return ["there is no schema \(name)"] }
        return check(value, schema, at: "")
    }

    private func check(_ value: JSONValue, _ schema: JSONValue, at place: String) -> [String] {
        guard case .object(let rules) = schema else { return ["\(place): the schema is no object"] }
        if case .string(let reference)? = rules["$ref"] {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            guard reference == "#/components/schemas/\(name)", let target = schemas[name] else {
                return ["\(place): \(reference) leads nowhere"]
            }
            return check(value, target, at: place)
        }
        if case .array(let choices)? = rules["oneOf"] {
            let count = choices.count { check(value, $0, at: place).isEmpty }
            return count == 1 ? [] : ["\(place): \(count) of oneOf hold"]
        }
        var flaws = typeFlaws(value, rules, at: place)
        if case .array(let choices)? = rules["enum"], !choices.contains(value) {
            flaws.append("\(place): not one of enum")
        }
        switch value {
        case .object(let fields): flaws += fieldFlaws(fields, rules, at: place)
        case .array(let elements):
            if case .integer(let most)? = rules["maxItems"], elements.count > most {
                flaws.append("\(place): too many")
            }
            guard let items = rules["items"] else { break }
            for (index, element) in elements.enumerated() { flaws += check(element, items, at: "\(place)/\(index)") }
        case .integer(let number): flaws += boundFlaws(Double(number), rules, at: place)
        case .number(let number): flaws += boundFlaws(number, rules, at: place)
        case .string(let text):
            if rules["format"] == .string("date-time"), Instant(text) == nil { flaws.append("\(place): no instant") }
            if rules["format"] == .string("duration"), Duration(iso8601: text) == nil {
                flaws.append("\(place): no duration")
            }
        case .null, .bool: break
        }
        return flaws
    }

    private func typeFlaws(_ value: JSONValue, _ rules: [String: JSONValue], at place: String) -> [String] {
        guard case .string(let type)? = rules["type"] else { return [] }
        let fits =
            switch (type, value) {
            case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("integer", .integer),
                ("number", .integer), ("number", .number):
                true
            default: false
            }
        return fits ? [] : ["\(place): not of type \(type)"]
    }

    private func fieldFlaws(_ fields: [String: JSONValue], _ rules: [String: JSONValue], at place: String) -> [String] {
        var flaws: [String] = []
        if case .array(let required)? = rules["required"] {
            for case .string(let name) in required where fields[name] == nil {
                flaws.append("\(place)/\(name): missing")
            }
        }
        var properties: [String: JSONValue] = [:]
        if case .object(let known)? = rules["properties"] { properties = known }
        for (name, field) in fields {
            if let property = properties[name] {
                flaws += check(field, property, at: "\(place)/\(name)")
            } else if rules["additionalProperties"] == .bool(false) || rules["additionalProperties"] == nil {
                // What a schema does not name is a flaw here even where JSON Schema would let it pass: an answer's new
                // field belongs into the description.
                if rules["type"] == .string("object"), rules["properties"] != nil || rules["required"] != nil {
                    flaws.append("\(place)/\(name): not described")
                }
            } else if let other = rules["additionalProperties"] {
                flaws += check(field, other, at: "\(place)/\(name)")
            }
        }
        return flaws
    }

    private func boundFlaws(_ number: Double, _ rules: [String: JSONValue], at place: String) -> [String] {
        func bound(_ name: String) -> Double? {
            switch rules[name] {
            case .integer(let bound): Double(bound)
            case .number(let bound): bound
            default: nil
            }
        }
        var flaws: [String] = []
        if let least = bound("minimum"), number < least { flaws.append("\(place): below \(least)") }
        if let least = bound("exclusiveMinimum"), number <= least { flaws.append("\(place): not above \(least)") }
        if let most = bound("maximum"), number > most { flaws.append("\(place): above \(most)") }
        return flaws
    }
}
