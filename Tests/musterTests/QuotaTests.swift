import ArgumentParser
import CapacityAPI
import CapacityModel
import Testing

@testable import muster

@Suite("quotas")
struct QuotaTests {
    @Test("a quota is a line for each limit, with what is in use, where and when")
    func table() {
        let uses = [
            QuotaView.LimitView(
                Quota.Limit(.vcpu, 500_000), usedNow: 1_500, peakAhead: 20_000, peakAt: OrderSample.noon),
            QuotaView.LimitView(Quota.Limit(.gpu(model: "G2"), 8_000), usedNow: 0, peakAhead: 0, peakAt: nil),
        ]
        let text = QuotaDescription.text([
            QuotaView(
                tenant: "t", name: "618", scope: Scope(include: [Scope.Selector(area: .south, carrier: .telecom)]),
                from: OrderSample.noon, until: nil, limits: uses, revision: 1, changedAt: OrderSample.noon)
        ])
        let lines = text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("vcpu") && lines[1].contains("1.5") && lines[1].contains("south telecom"))
        #expect(lines[2].contains("gpu G2") && lines[2].contains("from "))
    }

    @Test("limits and places on the command line make the body that is sent")
    func body() throws {
        let terms = try QuotaTerms.parse(["--limit", "vcpu=1.5", "--limit", "gpu:G2=8", "--province", "44"])
        #expect(
            terms.body
                == .object([
                    "limits": .array([
                        .object(["resource": .string("vcpu"), "limit": .number(1.5)]),
                        .object(["resource": .string("gpu"), "gpuModel": .string("G2"), "limit": .number(8)]),
                    ]),
                    "scope": .object(["include": .array([.object(["province": .string("44")])])]),
                ])
        )
        #expect(throws: (any Error).self) { try QuotaTerms.parse([]) }
        #expect(throws: (any Error).self) { try QuotaTerms.parse(["-f", "q.yaml", "--area", "south"]) }
        #expect(throws: (any Error).self) { try QuotaTerms.parse(["--limit", "vcpu"]) }
    }

    @Test(
        "every verb is understood",
        arguments: [
            ["set", "t", "q", "--limit", "vcpu=1"], ["set", "t", "q", "-f", "-"], ["list", "t"], ["list"],
            ["delete", "t", "q", "--revision", "3"],
        ])
    func verbs(words: [String]) throws {
        #expect(throws: Never.self) { try Muster.parseAsRoot(["quota"] + words) }
    }
}
