import CapacityAPI
import CapacityModel
import Testing

@Suite("Reading orders")
struct OrderReadingTests {
    @Test("the contract's example is an order")
    func example() throws {
        let body = try OrderRequest.read(try Body.json(Body.example)).get()
        let order = body.order
        #expect(body.quoteID == nil)
        #expect(order.name == "618-probe")
        #expect(order.count == 1_000)
        #expect(order.spec.resources == Resources(vcpuMilli: 1_000, memoryMiB: 2_048))
        #expect(order.spec.command == ["/bin/sleep", "86400"])
        #expect(order.scope.include == [Scope.Selector(province: "44", carrier: .telecom)])
        #expect(order.timing.start == Instant("2026-06-17T12:00:00Z"))
        #expect(order.timing.duration == .seconds(14_400))
        #expect(order.spread.map(\.level) == [.site, .province])
        #expect(order.fulfilment.minCount == 950)
        #expect(order.release.grace == .seconds(60))
    }

    @Test("what is left out means no limit: nationwide, from now, all or nothing")
    func defaults() throws {
        let text = """
            { "spec": { "vcpu": 0.5, "memoryMiB": 64, "image": "a/b:1" }, "count": 1, "window": { "duration": "PT1M" } }
            """
        let order = try OrderRequest.read(try Body.json(text)).get().order
        #expect(order.scope == .nationwide)
        #expect(order.timing.start == nil)
        #expect(order.spread.isEmpty)
        #expect(order.fulfilment == .allOrNothing)
        #expect(order.spec.resources.vcpuMilli == 500)
    }

    @Test(
        "GPUs are whole devices or a share of one, in thousandths of it",
        arguments: [
            ("", 1, 0), (", \"count\": 1", 1, 0), (", \"count\": 64", 64, 0), (", \"count\": 2.0", 2, 0),
            (", \"count\": 0.5", 0, 500), (", \"count\": 0.001", 0, 1), (", \"count\": 0.333", 0, 333),
            (", \"count\": 0.999", 0, 999),
        ] as [(String, Int64, Int64)]
    )
    func gpus(count: String, whole: Int64, share: Int64) throws {
        let text = """
            { "spec": { "vcpu": 1, "memoryMiB": 64, "image": "a/b:1", "gpu": { "model": "G2"\(count) } }, "count": 1,
              "window": { "duration": "PT1M" } }
            """
        let unit = try OrderRequest.read(try Body.json(text)).get().order.spec.resources
        #expect((unit.gpuModel, unit.gpuCount, unit.gpuShareMilli) == ("G2", whole, share))
    }

    static let flaws: [(path: String, value: String, finding: String)] = [
        ("cuont", "5", "/cuont unknown-field"),
        ("spec/cpu", "1", "/spec/cpu unknown-field"),
        ("a~b", "1", "/a~0b unknown-field"),
        ("count", "null", "/count missing"),
        ("count", "-1", "/count out-of-range"),
        ("count", "99999999999999999999", "/count out-of-range"),
        ("count", "1e300", "/count out-of-range"),
        ("count", "0", "/count out-of-range"),
        ("count", "1000001", "/count out-of-range"),
        ("count", "9223372036854775807", "/count out-of-range"),
        ("count", "1.5", "/count wrong-type"),
        ("count", "\"1000\"", "/count wrong-type"),
        ("demand", "{ \"vcpu\": 10 }", "/demand contradiction"),
        ("prefer", "{}", "/prefer missing"),
        ("prefer", "{ \"price\": 0 }", "/prefer missing"),
        ("prefer", "{ \"price\": 2 }", "/prefer/price out-of-range"),
        ("prefer", "{ \"latency\": 1 }", "/prefer/nearProvince missing"),
        ("prefer", "{ \"latency\": 1, \"nearProvince\": \"99\" }", "/prefer/nearProvince unknown-value"),
        ("affinity", "[{ \"order\": \"ord-1\" }]", "/affinity/0/level missing"),
        ("affinity", "[{ \"order\": \"rsv-1\", \"level\": \"site\" }]", "/affinity/0/order bad-format"),
        ("antiAffinity", "[{ \"level\": \"site\" }]", "/antiAffinity/0/order missing"),
        ("antiAffinity", "[{ \"order\": \"ord-1\", \"level\": \"rack\" }]", "/antiAffinity/0/level unknown-value"),
        ("survive", "1", "/survive wrong-type"),
        ("survive", "{}", "/survive/sites missing"),
        ("survive", "{ \"sites\": 0 }", "/survive/sites out-of-range"),
        ("survive", "{ \"sites\": 2 }", "/survive/sites out-of-range"),
        ("survive", "{ \"sites\": 1 }", "/survive contradiction"),
        ("alternatives", "[{}]", "/alternatives/0/spec missing"),
        ("alternatives", "{}", "/alternatives wrong-type"),
        ("spec", "null", "/spec missing"),
        ("spec", "[]", "/spec wrong-type"),
        ("spec/vcpu", "0", "/spec/vcpu out-of-range"),
        ("spec/vcpu", "-1", "/spec/vcpu out-of-range"),
        ("spec/vcpu", "1e300", "/spec/vcpu out-of-range"),
        ("spec/memoryMiB", "1", "/spec/memoryMiB out-of-range"),
        ("spec/image", "\"\"", "/spec/image bad-format"),
        ("spec/image", "\"a b\"", "/spec/image bad-format"),
        ("spec/kind", "\"vm\"", "/spec/kind unsupported"),
        ("spec/kind", "\"pod\"", "/spec/kind unknown-value"),
        ("spec/command", "[1]", "/spec/command/0 wrong-type"),
        ("spec/gpu", "{ \"count\": 1 }", "/spec/gpu/model missing"),
        ("spec/gpu", "{ \"model\": \"G2\", \"count\": \"1\" }", "/spec/gpu/count wrong-type"),
        ("spec/gpu", "{ \"model\": \"G2\", \"count\": 1.5 }", "/spec/gpu/count out-of-range"),
        ("spec/gpu", "{ \"model\": \"G2\", \"count\": 0 }", "/spec/gpu/count out-of-range"),
        ("spec/gpu", "{ \"model\": \"G2\", \"count\": -0.5 }", "/spec/gpu/count out-of-range"),
        ("spec/gpu", "{ \"model\": \"G2\", \"count\": 65 }", "/spec/gpu/count out-of-range"),
        ("spec/gpu", "{ \"model\": \"G2\", \"count\": 1e300 }", "/spec/gpu/count out-of-range"),
        ("spec/gpu", "{ \"model\": \"G2\", \"count\": 0.0005 }", "/spec/gpu/count out-of-range"),
        ("spec/gpu", "{ \"model\": \"G2\", \"count\": 0.9999 }", "/spec/gpu/count out-of-range"),
        ("window", "null", "/window missing"),
        ("window/duration", "null", "/window/duration missing"),
        ("window/duration", "\"4h\"", "/window/duration bad-format"),
        ("window/duration", "\"PT0S\"", "/window/duration out-of-range"),
        ("window/duration", "\"P401D\"", "/window/duration out-of-range"),
        ("window/start", "\"2026-06-17T20:00:00\"", "/window/start bad-format"),
        ("window/start", "\"2026-06-17T20:00:00.5Z\"", "/window/start bad-format"),
        ("window/end", "\"2026-06-17T22:00:00+08:00\"", "/window/end contradiction"),
        (
            "window", "{ \"start\": \"2026-06-17T20:00:00Z\", \"end\": \"2026-06-17T19:00:00Z\" }",
            "/window/end contradiction"
        ),
        (
            "window", "{ \"start\": \"2026-06-17T20:00:00Z\", \"end\": \"2028-06-17T19:00:00Z\" }",
            "/window/end out-of-range"
        ),
        (
            "window", "{ \"start\": \"2026-06-17T20:00:00Z\", \"end\": \"2026-06-17T21:00:00.1Z\" }",
            "/window/end bad-format"
        ),
        ("window", "{ \"end\": \"2026-06-17T19:00:00Z\" }", "/window/end contradiction"),
        ("scope/include/0/province", "\"99\"", "/scope/include/0/province unknown-value"),
        ("scope/include/0/carrier", "\"netcom\"", "/scope/include/0/carrier unknown-value"),
        ("scope/include/0/city", "\"1101\"", "/scope/include/0/city contradiction"),
        ("scope/include", "[{ \"province\": \"99\" }]", "/scope/include/0/province unknown-value"),
        ("scope/include", "[{}]", "/scope/include/0 missing"),
        ("scope/include", "[1]", "/scope/include/0 wrong-type"),
        ("scope/exclude", "{}", "/scope/exclude wrong-type"),
        ("spread/0", "{ \"level\": \"site\" }", "/spread/0 missing"),
        ("spread/0", "{ \"level\": \"rack\", \"maxPerGroup\": 1 }", "/spread/0/level unknown-value"),
        ("spread/0", "{ \"level\": \"site\", \"minGroups\": 1001 }", "/spread/0/minGroups contradiction"),
        ("spread/0", "{ \"level\": \"carrier\", \"minGroups\": 5 }", "/spread/0/minGroups contradiction"),
        ("spread/0", "{ \"level\": \"province\", \"minGroups\": 35 }", "/spread/0/minGroups contradiction"),
        ("spread/0", "{ \"level\": \"host\", \"maxSkew\": 0 }", "/spread/0/maxSkew out-of-range"),
        ("spread/0", "{ \"level\": \"host\", \"maxSkew\": \"1\" }", "/spread/0/maxSkew wrong-type"),
        ("spread/1/maxShare", "0", "/spread/1/maxShare out-of-range"),
        ("spread/1/maxShare", "1.01", "/spread/1/maxShare out-of-range"),
        ("fulfilment/minCount", "1001", "/fulfilment/minCount contradiction"),
        ("fulfilment/minCount", "null", "/fulfilment/minCount missing"),
        ("fulfilment/policy", "\"bestEffort\"", "/fulfilment/minCount contradiction"),
        ("fulfilment", "{ \"policy\": \"allOrNothing\", \"topUp\": true }", "/fulfilment/topUp contradiction"),
        ("release/grace", "\"PT2H\"", "/release/grace out-of-range"),
        ("delivery", "{ \"lead\": \"PT2H\" }", "/delivery/lead out-of-range"),
        ("slices", "[{}]", "/slices unsupported"),
        ("name", "\"\\u0000\"", "/name out-of-range"),
    ]

    @Test("each flaw is named by its pointer and rule, and nothing else is", arguments: flaws)
    func flaw(path: String, value: String, finding: String) throws {
        #expect(try Body.findings(path, value) == [finding])
    }

    private static let image = #""image": "a/b:1""#

    private func read(_ fields: String) throws -> OrderBody {
        try OrderRequest.read(try Body.json(#"{ "window": { "duration": "PT1M" }, \#(fields) }"#)).get()
    }

    private func findings(_ fields: String) throws -> [String] {
        let body = try Body.json(#"{ "window": { "duration": "PT1M" }, \#(fields) }"#)
        guard case .failure(let invalid) = OrderRequest.read(body) else { return [] }
        return invalid.errors.map { "\($0.pointer) \($0.code.rawValue)" }
    }

    @Test("a demand in vCPUs is as many instances as it takes, of each alternative by itself")
    func demand() throws {
        let spec = #""spec": { "vcpu": 32, "memoryMiB": 98304, \#(Self.image) }"#
        let other = #"{ "spec": { "vcpu": 16, "memoryMiB": 49152, \#(Self.image) } }"#
        let body = try read(
            #"""
            \#(spec), "demand": { "vcpu": 5000 }, "alternatives": [\#(other)],
            "fulfilment": { "policy": "atLeast", "minCount": 100 }
            """#)
        #expect(body.order.count == 157)
        #expect(body.alternatives.map(\.count) == [313])
        #expect(body.alternatives.map(\.spec.resources.vcpuMilli) == [16_000])
        // 100 of 157, rounded up.
        #expect(body.alternatives.map(\.fulfilment.minCount) == [200])

        #expect(try findings(#"\#(spec), "demand": { "vcpu": 40000000 }"#) == ["/demand out-of-range"])
        #expect(try findings(#"\#(spec), "demand": { "vcpu": 0 }"#) == ["/demand/vcpu out-of-range"])
        #expect(
            try findings(#"\#(spec), "demand": { "cores": 1 }"#) == [
                "/demand/vcpu missing", "/demand/cores unknown-field",
            ])
        #expect(try findings(#"\#(spec), "demand": 5000"#) == ["/demand wrong-type"])
        let per = other.replacing(" } }", with: #" }, "per": 2 }"#)
        #expect(
            try findings(#"\#(spec), "demand": { "vcpu": 64 }, "alternatives": [\#(per)]"#)
                == ["/alternatives/0/per contradiction"])
    }

    @Test("an alternative is the whole order with another spec, so many instances in place of one")
    func alternatives() throws {
        let spec = #""spec": { "vcpu": 2, "memoryMiB": 64, \#(Self.image) }"#
        let one = #"{ "spec": { "vcpu": 1, "memoryMiB": 32, \#(Self.image) }, "per": 2 }"#
        let body = try read(#"\#(spec), "count": 10, "name": "n", "alternatives": [\#(one)]"#)
        var expected = body.order
        expected.count = 20
        expected.spec.resources = Resources(vcpuMilli: 1_000, memoryMiB: 32)
        #expect(body.alternatives == [expected])
        #expect(
            try findings(#"\#(spec), "count": 1000000, "alternatives": [\#(one)]"#) == ["/alternatives/0 out-of-range"])
        #expect(
            try findings(#"\#(spec), "count": 1, "reservationId": "rsv-1", "alternatives": [\#(one)]"#)
                == ["/alternatives contradiction"])
    }

    @Test("all flaws are told at once")
    func allAtOnce() throws {
        let text = """
            { "spec": { "vcpu": -1, "memoryMiB": "much", "image": "a/b:1" }, "count": 0, "extra": true }
            """
        guard case .failure(let invalid) = OrderRequest.read(try Body.json(text)) else {
            Issue.record("this is no order")
            return
        }
        #expect(
            Set(invalid.errors.map(\.pointer)) == ["/spec/vcpu", "/spec/memoryMiB", "/count", "/window", "/extra"]
        )
    }

    @Test("a body that is not an object is refused as a whole", arguments: ["[]", "1", "\"order\"", "null", "true"])
    func notAnObject(text: String) throws {
        guard case .failure(let invalid) = OrderRequest.read(try Body.json(text)) else {
            Issue.record("this is no order")
            return
        }
        #expect(invalid.errors.map(\.pointer) == [""])
    }

    @Test("a flood of flaws is cut at fifty")
    func flood() throws {
        let fields = (0..<500).map { "\"field\($0)\": 1" }.joined(separator: ", ")
        guard case .failure(let invalid) = OrderRequest.read(try Body.json("{ \(fields) }")) else {
            Issue.record("this is no order")
            return
        }
        #expect(invalid.errors.count == 50)
    }
}
