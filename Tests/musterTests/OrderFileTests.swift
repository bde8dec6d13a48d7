import CapacityAPI
import Testing

@testable import muster

@Suite("order files")
struct OrderFileTests {
    @Test("YAML and JSON of the same order are the same order")
    func twoForms() throws {
        let yaml = """
            # an order
            name: 618-probe
            spec:
              { kind: container, vcpu: 0.5, memoryMiB: 2048, image: muster.local/probe:1,
                command: [/bin/sleep, "86400"] }
            count: 1000
            scope:
              include:
                - { province: "44", carrier: telecom }
            window: { start: 2026-06-17T20:00:00+08:00, duration: PT4H }
            fulfilment: { policy: atLeast, minCount: 950, topUp: true }
            """
        let json = """
            {"name": "618-probe",
            \t"spec": {"kind": "container", "vcpu": 0.5, "memoryMiB": 2048, "image": "muster.local/probe:1",
                     "command": ["/bin/sleep", "86400"]},
             "count": 1000, "scope": {"include": [{"province": "44", "carrier": "telecom"}]},
             "window": {"start": "2026-06-17T20:00:00+08:00", "duration": "PT4H"},
             "fulfilment": {"policy": "atLeast", "minCount": 950, "topUp": true}}
            """
        let (first, second) = (try OrderFile(name: "a", text: yaml), try OrderFile(name: "b", text: json))
        #expect(first.value == second.value)
        #expect(try first.body() == second.body())
    }

    @Test(
        "only what JSON has is a number, a boolean or null; the rest is text",
        arguments: [
            ("2026-06-17T20:00:00+08:00", .string("2026-06-17T20:00:00+08:00")), ("2026-06-17", .string("2026-06-17")),
            ("1:30", .string("1:30")), ("010", .string("010")), ("0x1F", .string("0x1F")), ("1_000", .string("1_000")),
            ("+5", .string("+5")), (".5", .string(".5")), ("on", .string("on")), ("yes", .string("yes")),
            ("True", .string("True")), (".inf", .string(".inf")), ("1e999", .string("1e999")),
            ("'12'", .string("12")), ("\"true\"", .string("true")),
            ("12", .integer(12)), ("-3", .integer(-3)), ("0.05", .number(0.05)), ("1e3", .number(1_000)),
            ("true", .bool(true)), ("false", .bool(false)), ("null", .null), ("~", .null), ("", .null),
        ] as [(String, JSONValue)]
    )
    func scalars(text: String, value: JSONValue) throws {
        #expect(try OrderFile(name: "f", text: "value: \(text)").value == .object(["value": value]))
    }

    @Test(
        "what cannot be read is refused with line and column",
        arguments: [
            ("count: 1\nname: a\ncount: 2\n", "f:1:1: 'count' is given twice"),
            ("{\"a\": 1,\n\t\"a\": 2}", "f:1:2: 'a' is given twice"),
            ("spec:\n  - a\n b: 1\n", "f:3:2: "),
            ("a: 1\n---\nb: 2\n", "f:2:1: "),
            ("a: *x\n", "f:1:4: found undefined alias"),
            ("[1]: 2\n", "f:1:1: a field's name must be a word"),
        ]
    )
    func refused(text: String, beginning: String) {
        let failure = #expect(throws: Failure.self) { try OrderFile(name: "f", text: text) }
        #expect(failure?.status == .invalid)
        #expect(failure?.text.hasPrefix("error: " + beginning) == true, "\(failure?.text ?? "")")
    }

    @Test("nothing is not an order", arguments: ["", "\n", "# only a comment\n"])
    func empty(text: String) {
        let failure = #expect(throws: Failure.self) { try OrderFile(name: "-", text: text) }
        #expect(failure?.text == "error: standard input is empty; an order was expected")
    }

    @Test("a small file cannot grow to a large order through aliases")
    func aliases() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let names = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(names)]\n"
        }
        #expect(throws: Failure(.invalid, "f has more than 100000 values")) { try OrderFile(name: "f", text: text) }
    }

    @Test("JSON's escapes of characters beyond the first plane are read")
    func surrogates() throws {
        let file = try OrderFile(name: "f", text: #"{"name": "\ud83d\ude80 \u538b\/"}"#)
        #expect(file.value == .object(["name": .string("🚀 压/")]))
    }

    @Test("every field has a place, and what is missing has that of what it is missing from")
    func places() throws {
        let file = try OrderFile(name: "f", text: "count: 1\nscope:\n  include:\n    - { province: 4 }\n\"a/b\": 1\n")
        #expect(file.place(of: "/count") == OrderFile.Place(line: 1, column: 1))
        #expect(file.place(of: "/scope/include/0/province") == OrderFile.Place(line: 4, column: 9))
        #expect(file.place(of: "/scope/include/0/carrier") == OrderFile.Place(line: 4, column: 7))
        #expect(file.place(of: "/a~1b") == OrderFile.Place(line: 5, column: 1))
        #expect(file.place(of: "/window") == OrderFile.Place(line: 1, column: 1))
    }

    @Test("an offer is accepted by changing count or window and naming the quote")
    func changes() {
        let order = JSONValue.object([
            "count": .integer(1_000),
            "window": .object(["start": .string("s"), "end": .string("e")]),
        ])
        let changed = OrderChanges(quote: "q", count: 10, start: "t", duration: "PT1H").apply(to: order)
        #expect(
            changed
                == .object([
                    "quoteId": .string("q"), "count": .integer(10),
                    "window": .object(["start": .string("t"), "duration": .string("PT1H")]),
                ])
        )
        #expect(OrderChanges().apply(to: order) == order)
    }

    @Test("a file that is not there says so")
    func missing() {
        let failure = #expect(throws: Failure.self) { try OrderFile.read("/nonexistent/order.yaml") }
        #expect(failure?.text == "error: /nonexistent/order.yaml cannot be opened: No such file or directory")
    }
}
