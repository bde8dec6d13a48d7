import CapacityAPI
import FoundationEssentials
import Testing

@Suite("Problems")
struct ProblemTests {
    @Test("each type of the contract has the status of the contract")
    func statuses() {
        let contract: [String: Int] = [
            "insufficient-capacity": 409, "spread-unsatisfiable": 409, "quote-stale": 409, "quota-exceeded": 403,
            "invalid-order": 422, "window-in-past": 422, "idempotency-key-reused": 422, "precondition-failed": 412,
            "not-found": 404, "unauthenticated": 401, "forbidden": 403, "too-many-requests": 429,
        ]
        let served = Dictionary(uniqueKeysWithValues: Problem.Kind.allCases.map { ($0.rawValue, $0.status) })
        for (type, status) in contract { #expect(served[type] == status, "\(type)") }
    }

    @Test("a problem is written with type, title and status, and read back the same")
    func roundTrip() throws {
        let error = FieldError(pointer: "/count", code: .outOfRange, detail: "from 1 to 1000000; found 0")
        let problem = Problem(.invalidOrder, detail: "see errors", errors: [error])
        let data = try JSONEncoder().encode(problem)
        let tree = try JSONDecoder().decode([String: JSONValue].self, from: data)
        #expect(tree["type"] == .string("invalid-order"))
        #expect(tree["status"] == .integer(422))
        #expect(tree["gap"] == nil)
        #expect(try JSONDecoder().decode(Problem.self, from: data) == problem)
    }
}
