import CapacityAPI
import Testing

@Suite("Reading what is to be re-packed")
struct RepackReadingTests {
    @Test("nothing asks for a proposal, and a stored one is made by its number")
    func read() throws {
        #expect(try RepackRequest.read(try Body.json("{}")).get() == RepackRequest())
        let stored = try RepackRequest.read(try Body.json("{ \"apply\": true, \"proposal\": 7 }")).get()
        #expect(stored == RepackRequest(apply: true, proposal: 7))
    }

    @Test(
        "what contradicts itself or is out of bounds is refused, naming the field",
        arguments: [
            ("{ \"proposal\": 7 }", "/proposal contradiction"),
            ("{ \"proposal\": 7, \"apply\": true, \"moves\": 9 }", "/moves contradiction"),
            ("{ \"proposal\": 7, \"apply\": true, \"running\": true }", "/running contradiction"),
            ("{ \"proposal\": 0, \"apply\": true }", "/proposal out-of-range"),
            ("{ \"moves\": 2001 }", "/moves out-of-range"),
        ]
    )
    func refused(text: String, finding: String) throws {
        guard case .failure(let invalid) = RepackRequest.read(try Body.json(text)) else {
            Issue.record("it was read")
            return
        }
        #expect(invalid.errors.map { "\($0.pointer) \($0.code.rawValue)" } == [finding])
    }
}
