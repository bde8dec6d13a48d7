import CapacityAPI
import CapacityModel
import Testing

@Suite("Reading what operators close")
struct ClosureReadingTests {
    private static let now = Instant(secondsSinceEpoch: 1_800_000_000)

    @Test("a maintenance without a start begins now; with an end or a length it is the same")
    func maintenance() throws {
        let now = Self.now + .microseconds(5)
        let open = try ClosureRequest.readMaintenance(
            try Body.json("{ \"window\": { \"duration\": \"PT1H\" }, \"reason\": \"r\" }"), now: now
        ).get()
        #expect(open.start == Self.now)
        #expect(open.end == Self.now + .seconds(3_600))
        #expect(!open.drain)
        let closed = try ClosureRequest.readMaintenance(
            try Body.json(
                """
                { "window": { "start": "2027-01-15T16:00:00+08:00", "end": "2027-01-15T17:00:00+08:00" },
                  "reason": "r", "drain": true }
                """
            ),
            now: now
        ).get()
        #expect((closed.start, closed.end, closed.drain) == (open.start, open.end, true))
    }

    @Test(
        "a maintenance that is none is refused, naming the field",
        arguments: [
            ("{}", ["/reason missing", "/window missing"]),
            ("{ \"window\": {}, \"reason\": \"r\" }", ["/window/duration missing"]),
            ("{ \"window\": { \"duration\": \"PT1H\" }, \"reason\": \"\" }", ["/reason out-of-range"]),
            ("{ \"window\": { \"duration\": \"P500D\" }, \"reason\": \"r\" }", ["/window/duration out-of-range"]),
            (
                "{ \"window\": { \"duration\": \"PT1H\", \"days\": 1 }, \"reason\": \"r\" }",
                ["/window/days unknown-field"]
            ),
            ("{ \"window\": { \"duration\": \"PT1H\" }, \"reason\": \"r\", \"drain\": 1 }", ["/drain wrong-type"]),
            ("{ \"window\": { \"duration\": \"PT1H\" }, \"reason\": \"r\", \"site\": \"a\" }", ["/site unknown-field"]),
        ]
    )
    func badMaintenance(text: String, findings: [String]) throws {
        guard case .failure(let invalid) = ClosureRequest.readMaintenance(try Body.json(text), now: Self.now) else {
            Issue.record("it was read")
            return
        }
        #expect(invalid.errors.map { "\($0.pointer) \($0.code.rawValue)" } == findings)
    }

    @Test("a retirement needs a whole second, and every closure a reason of at most 256 characters")
    func retirement() throws {
        func findings(_ text: String) throws -> [String] {
            guard case .failure(let invalid) = ClosureRequest.readRetirement(try Body.json(text)) else { return [] }
            return invalid.errors.map { "\($0.pointer) \($0.code.rawValue)" }
        }
        #expect(try findings("{ \"deadline\": \"2027-01-15T16:00:00+08:00\", \"reason\": \"r\" }").isEmpty)
        #expect(
            try findings("{ \"deadline\": \"2027-01-15T16:00:00.5Z\", \"reason\": \"r\" }") == ["/deadline bad-format"])
        #expect(try findings("{ \"reason\": \"r\" }") == ["/deadline missing"])
        for (length, isFine) in [(256, true), (257, false)] {
            let text = String(repeating: "机", count: length)
            let read = ClosureRequest.readCordon(try Body.json("{ \"reason\": \"\(text)\" }"), drain: false)
            #expect(((try? read.get()) != nil) == isFine, "\(length) characters")
        }
    }
}
