import CapacityAPI
import Hummingbird

/// Reads a query string strictly: a parameter that is not known is an error, as an unknown field of a body is.
struct QueryReader {
    private let parameters: [String: String]

    init(_ request: Request, knows names: Set<String>) throws(Problem) {
        var parameters: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            guard names.contains(String(name)) else {
                let known = names.isEmpty ? "none" : names.sorted().joined(separator: ", ")
                throw QueryReader.problem(.unknownField, "unknown parameter '\(name)'; known here: \(known)")
            }
            parameters[String(name)] = String(value)
        }
        self.parameters = parameters
    }

    func text(_ name: String) -> String? { parameters[name] }

    func integer(_ name: String, in range: ClosedRange<Int64>, default fallback: Int64) throws(Problem) -> Int64 {
        guard let text = parameters[name] else { return fallback }
        guard let value = Int64(text), range.contains(value) else {
            let detail = "'\(name)' is a whole number from \(range.lowerBound) to \(range.upperBound); found '\(text)'"
            throw QueryReader.problem(.outOfRange, detail)
        }
        return value
    }

    /// Whether `name` is `true`; `false` where it is absent.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch parameters[name] {
        case nil, "false": return false
        case "true": return true
        case .some(let text):
            throw QueryReader.problem(.badFormat, "'\(name)' is true or false; found '\(text)'")
        }
    }

    /// How many items a page may have.
    func pageSize() throws(Problem) -> Int {
        Int(try integer("pageSize", in: 1...1_000, default: 100))
    }

    /// The place in `list` that the cursor names; `nil` on the first page.
    func cursor(of list: Cursor.List) throws(Problem) -> String? {
        guard let text = parameters["cursor"] else { return nil }
        guard let cursor = Cursor(text, of: list) else {
            throw QueryReader.problem(.badFormat, "'cursor' is no 'next' that this list gave")
        }
        return cursor.place
    }

    private static func problem(_ code: FieldError.Code, _ detail: String) -> Problem {
        Problem(.invalidOrder, detail: detail, errors: [FieldError(pointer: "", code: code, detail: detail)])
    }
}
