import CapacityAPI
import CapacityModel
import FoundationEssentials

/// Bodies for tests: the contract's own example, and that example with one thing changed.
enum Body {
    static let example = """
        {
          "name": "618-probe",
          "spec": { "kind": "container", "vcpu": 1, "memoryMiB": 2048, "image": "muster.local/probe:1",
                    "command": ["/bin/sleep", "86400"] },
          "count": 1000,
          "scope": { "include": [ { "province": "44", "carrier": "telecom" } ], "exclude": [], "capabilities": [] },
          "window": { "start": "2026-06-17T20:00:00+08:00", "duration": "PT4H" },
          "slices": [],
          "spread": [ { "level": "site", "maxPerGroup": 8, "whenUnsatisfiable": "reject" },
                      { "level": "province", "minGroups": 20, "maxShare": 0.15, "whenUnsatisfiable": "relax" } ],
          "fulfilment": { "policy": "atLeast", "minCount": 950, "deadline": "PT10M", "topUp": true },
          "release": { "grace": "PT60S" }
        }
        """

    static func json(_ text: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    /// The example with the field at `path` replaced; with `null`, left out.
    static func changed(_ path: [String], to value: String) throws -> JSONValue {
        replacing(try json(example), path[...], with: try json(value))
    }

    private static func replacing(_ tree: JSONValue, _ path: ArraySlice<String>, with value: JSONValue) -> JSONValue {
        guard let name = path.first else { return value }
        switch tree {
        case .object(var fields):
            fields[name] = replacing(fields[name] ?? .null, path.dropFirst(), with: value)
            return .object(fields)
        case .array(var elements):
            guard let index = Int(name), elements.indices.contains(index) else { return tree }
            elements[index] = replacing(elements[index], path.dropFirst(), with: value)
            return .array(elements)
        case .null where path.count == 1: return .object([name: value])
        case .null, .bool, .integer, .number, .string: return tree
        }
    }

    /// The errors of the example so changed, as `pointer code`.
    static func findings(_ path: String, _ value: String) throws -> [String] {
        let body = try changed(path.split(separator: "/").map(String.init), to: value)
        guard case .failure(let invalid) = OrderRequest.read(body) else { return [] }
        return invalid.errors.map { "\($0.pointer) \($0.code.rawValue)" }
    }
}
