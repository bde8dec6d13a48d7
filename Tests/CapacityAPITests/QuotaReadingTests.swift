import CapacityAPI
import CapacityModel
import Testing

@Suite("Reading quotas")
struct QuotaReadingTests {
    private func read(_ text: String, named name: String = "q") throws -> Result<Quota, InvalidBody> {
        Quota.read(try Body.json(text), named: name)
    }

    @Test("a quota is read in the units of orders, and without scope and times it is of all sites and for ever")
    func whole() throws {
        let quota = try read(
            """
            { "limits": [ { "resource": "vcpu", "limit": 1.5 }, { "resource": "gpu", "gpuModel": "G2", "limit": 0.5 },
                          { "resource": "gpu", "limit": 2 }, { "resource": "instances", "limit": 0 } ] }
            """
        ).get()
        #expect(
            quota
                == Quota(
                    name: "q",
                    limits: [
                        Quota.Limit(.vcpu, 1_500), Quota.Limit(.gpu(model: "G2"), 500),
                        Quota.Limit(.gpu(model: nil), 2_000), Quota.Limit(.instances, 0),
                    ]
                )
        )
    }

    @Test(
        "what is wrong is named with its place",
        arguments: [
            (#"{ "limits": [] }"#, ["/limits"]),
            (#"{ "limits": [ { "resource": "disk", "limit": 1 } ] }"#, ["/limits/0/resource"]),
            (#"{ "limits": [ { "resource": "vcpu", "limit": -1 } ] }"#, ["/limits/0/limit"]),
            (#"{ "limits": [ { "resource": "diskGiB", "limit": 0.5 } ] }"#, ["/limits/0/limit"]),
            (#"{ "limits": [ { "resource": "vcpu", "gpuModel": "G2", "limit": 1 } ] }"#, ["/limits/0/gpuModel"]),
            (
                #"{ "limits": [ { "resource": "vcpu", "limit": 1 }, { "resource": "vcpu", "limit": 2 } ] }"#,
                ["/limits"]
            ),
            (
                """
                { "limits": [ { "resource": "vcpu", "limit": 1 } ], "from": "2026-06-18T00:00:00Z",
                  "until": "2026-06-18T00:00:00Z" }
                """,
                ["/until"]
            ),
            (#"{ "limits": [ { "resource": "vcpu", "limit": 1 } ], "scpoe": {} }"#, ["/scpoe"]),
        ] as [(String, [String])]
    )
    func wrong(text: String, pointers: [String]) throws {
        guard case .failure(let invalid) = try read(text) else {
            Issue.record("read: \(text)")
            return
        }
        #expect(invalid.errors.map(\.pointer) == pointers)
    }

    @Test("a quota's name is a word")
    func names() throws {
        let body = #"{ "limits": [ { "resource": "vcpu", "limit": 1 } ] }"#
        for name in ["", "a b", "a/b", String(repeating: "a", count: 65)] {
            guard case .failure = try read(body, named: name) else {
                Issue.record("'\(name)'")
                continue
            }
        }
        #expect(throws: Never.self) { try read(body, named: "618.a_b-c").get() }
    }
}
