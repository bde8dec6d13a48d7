import CapacityAPI
import Testing

@Suite("JSON values")
struct JSONValueTests {
    @Test("a number beyond all numbers is told as that, where it stands", arguments: ["1e400", "-1e400"])
    func tooLarge(number: String) throws {
        for (text, path) in [("\(number)", []), ("{ \"a\": [1, \(number)] }", ["a", "Index 1"])] {
            let error = #expect(throws: DecodingError.self) { try Body.json(text) }
            guard case .dataCorrupted(let context) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(context.codingPath.map(\.stringValue) == path)
            #expect(context.debugDescription == "a number as large as this cannot be read")
        }
    }

    @Test("the largest and the smallest are read")
    func bounds() throws {
        let bounds = try Body.json("[-9223372036854775808, 1e308, {}]")
        #expect(bounds == .array([.integer(.min), .number(1e308), .object([:])]))
    }
}
