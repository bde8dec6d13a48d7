import CapacityAPI
import CapacityModel
import FoundationEssentials

/// An order body as benches send it.
struct BenchOrder {
    var count: Int
    var vcpu: Double
    var memoryMiB: Int64
    var start: Instant?
    var length: Duration
    var grace = Duration.seconds(30)
    var maxPerSite: Int?

    /// The image that Scripts/images makes.
    static let image = environment("MUSTER_IMAGE") ?? "muster.local/probe:1"

    func body() throws -> [UInt8] {
        var window: [String: JSONValue] = ["duration": .string(length.iso8601)]
        if let start { window["start"] = .string(start.description) }
        var fields: [String: JSONValue] = [
            "spec": .object([
                "vcpu": .number(vcpu), "memoryMiB": .integer(memoryMiB), "image": .string(Self.image),
            ]),
            "count": .integer(Int64(count)),
            "window": .object(window),
            "release": .object(["grace": .string(grace.iso8601)]),
        ]
        if let maxPerSite {
            fields["spread"] = .array([
                .object(["level": .string("site"), "maxPerGroup": .integer(Int64(maxPerSite))]),
                .object(["level": .string("province"), "minGroups": .integer(20), "maxShare": .number(0.15)]),
            ])
        }
        return Array(try JSONEncoder().encode(JSONValue.object(fields)))
    }
}

extension Duration {
    var inSeconds: Double { Double(microseconds) / 1_000_000 }
    var inMilliseconds: Double { Double(microseconds) / 1_000 }
}
