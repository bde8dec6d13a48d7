import CapacityAPI
import CapacityModel
import Testing

@Suite("Reading changes and key requests")
struct ChangeReadingTests {
    @Test("a new end is an instant, or the new whole length")
    func newEnd() throws {
        let start = try #require(Instant("2026-06-17T12:00:00Z"))
        let end = try NewEnd.read(try Body.json("{ \"end\": \"2026-06-17T22:00:00+08:00\" }")).get()
        #expect(end.instant(from: start) == Instant("2026-06-17T14:00:00Z"))
        let length = try NewEnd.read(try Body.json("{ \"duration\": \"PT6H\" }")).get()
        #expect(length.instant(from: start) == Instant("2026-06-17T18:00:00Z"))
    }

    @Test(
        "a new end that is none is refused",
        arguments: [
            ("{}", "/end missing"),
            ("{ \"end\": \"tomorrow\" }", "/end bad-format"),
            ("{ \"end\": \"2026-06-17T22:00:00.5Z\" }", "/end bad-format"),
            ("{ \"end\": \"2026-06-17T22:00:00Z\", \"duration\": \"PT1H\" }", "/end contradiction"),
            ("{ \"duration\": \"P500D\" }", "/duration out-of-range"),
            ("{ \"until\": 1, \"duration\": \"PT1H\" }", "/until unknown-field"),
            ("[]", " wrong-type"),
        ]
    )
    func badEnd(text: String, finding: String) throws {
        #expect(findings(NewEnd.read(try Body.json(text))) == [finding])
    }

    @Test("a new count is within the bounds of a count")
    func newCount() throws {
        #expect(try NewCount.read(try Body.json("{ \"count\": 7 }")).get() == 7)
        #expect(findings(NewCount.read(try Body.json("{ \"count\": 0 }"))) == ["/count out-of-range"])
        #expect(findings(NewCount.read(try Body.json("{}"))) == ["/count missing"])
    }

    @Test("a cancellation has no fields")
    func cancellation() throws {
        #expect(findings(NoFields.read(try Body.json("{}"))).isEmpty)
        #expect(findings(NoFields.read(try Body.json("{ \"why\": 1 }"))) == ["/why unknown-field"])
    }

    @Test("a key is a tenant's with its name, or an operator's or agent's without")
    func keys() throws {
        let wanted = try KeyRequest.read(try Body.json("{ \"role\": \"tenant\", \"tenant\": \"load-test\" }")).get()
        #expect(wanted == KeyRequest(role: .tenant, tenant: "load-test"))
        let agent = try KeyRequest.read(try Body.json("{ \"role\": \"agent\" }")).get()
        #expect(agent == KeyRequest(role: .agent, tenant: nil))
    }

    @Test(
        "other keys are refused",
        arguments: [
            ("{ \"role\": \"tenant\" }", "/tenant missing"),
            ("{ \"role\": \"agent\", \"tenant\": \"a\" }", "/tenant contradiction"),
            ("{ \"role\": \"root\" }", "/role unknown-value"),
            ("{ \"role\": \"tenant\", \"tenant\": \"a b\" }", "/tenant bad-format"),
        ]
    )
    func badKeys(text: String, finding: String) throws {
        #expect(findings(KeyRequest.read(try Body.json(text))) == [finding])
    }

    private func findings<Value>(_ result: Result<Value, InvalidBody>) -> [String] {
        guard case .failure(let invalid) = result else { return [] }
        return invalid.errors.map { "\($0.pointer) \($0.code.rawValue)" }
    }
}
