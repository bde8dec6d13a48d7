import CapacityAPI
import Testing

@Suite("Reading what of a host may be reserved")
struct FleetTermsReadingTests {
    @Test("a ratio is read to the thousandth, and a share field by field")
    func site() throws {
        let terms = try SiteTermsRequest.read(
            try Body.json("{ \"vcpuOversell\": 1.005, \"systemShare\": { \"vcpu\": 0.25, \"diskGiB\": 9 } }")
        ).get()
        #expect(terms.vcpuOversellPermille == 1_005)
        #expect(terms.systemShare?.vcpuMilli == 250)
        #expect(terms.systemShare?.diskGiB == 9)
        #expect(terms.systemShare?.memoryMiB == nil)
        let kept = try SiteTermsRequest.read(try Body.json("{ \"vcpuOversell\": 1 }")).get()
        #expect(kept.systemShare == nil)
        #expect(try HostTermsRequest.read(try Body.json("{ \"systemShare\": {} }")).get().vcpuMilli == nil)
    }

    @Test(
        "what is out of bounds is refused, naming the field",
        arguments: [
            ("{}", "/vcpuOversell missing"),
            ("{ \"vcpuOversell\": 0.09 }", "/vcpuOversell out-of-range"),
            ("{ \"vcpuOversell\": 16.001 }", "/vcpuOversell out-of-range"),
            ("{ \"vcpuOversell\": 1.0005 }", "/vcpuOversell out-of-range"),
            ("{ \"vcpuOversell\": \"2\" }", "/vcpuOversell wrong-type"),
            ("{ \"systemShare\": { \"memoryMiB\": -1 } }", "/systemShare/memoryMiB out-of-range"),
            ("{ \"systemShare\": { \"gpu\": 1 } }", "/systemShare/gpu unknown-field"),
            ("{ \"memoryOversell\": 2, \"vcpuOversell\": 1 }", "/memoryOversell unknown-field"),
        ]
    )
    func refused(text: String, finding: String) throws {
        guard case .failure(let invalid) = SiteTermsRequest.read(try Body.json(text)) else {
            Issue.record("it was read")
            return
        }
        #expect(invalid.errors.map { "\($0.pointer) \($0.code.rawValue)" } == [finding])
    }
}
