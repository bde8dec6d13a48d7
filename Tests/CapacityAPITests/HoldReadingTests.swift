import CapacityModel
import Testing

@testable import CapacityAPI

@Suite("Reading a reservation's body")
struct HoldReadingTests {
    @Test("the least that is needed: amounts and a count, held open-ended from now, for a day")
    func least() throws {
        let text = #"{ "spec": { "vcpu": 2, "memoryMiB": 4096 }, "count": 5 }"#
        let hold = try HoldRequest.read(try Body.json(text)).get()
        #expect(hold == HoldRequest(unit: Resources(vcpuMilli: 2_000, memoryMiB: 4_096), count: 5))
        #expect(hold.timeToLive == .seconds(86_400))
    }

    @Test("a window may have a start, a length and an end as an order's has, or no end")
    func windows() throws {
        func read(_ window: String) throws -> HoldRequest {
            let text = #"{ "spec": { "vcpu": 2, "memoryMiB": 4096 }, "count": 5, "window": \#(window) }"#
            return try HoldRequest.read(try Body.json(text)).get()
        }
        let start = try #require(Instant("2026-06-17T12:00:00Z"))
        let open = try read(#"{ "start": "2026-06-17T12:00:00Z" }"#)
        #expect(open.start == start && open.duration == nil)
        let short = try read(#"{ "duration": "PT1H" }"#)
        #expect(short.start == nil && short.duration == .seconds(3_600))
        let closed = try read(#"{ "start": "2026-06-17T12:00:00Z", "end": "2026-06-17T13:00:00Z" }"#)
        #expect(closed.start == start && closed.duration == .seconds(3_600))
    }

    @Test("which sites come first is said as orders say it")
    func preference() throws {
        let text = #"{ "spec": { "vcpu": 2, "memoryMiB": 4096 }, "count": 5, "prefer": { "price": 1 } }"#
        #expect(try HoldRequest.read(try Body.json(text)).get().prefer == Preference(price: 1))
        let wrong = #"{ "spec": { "vcpu": 2, "memoryMiB": 4096 }, "count": 5, "prefer": { "latency": 1 } }"#
        guard case .failure(let invalid) = HoldRequest.read(try Body.json(wrong)) else {
            Issue.record("near what?")
            return
        }
        #expect(invalid.errors.map(\.pointer) == ["/prefer/nearProvince"])
    }

    @Test("whatever is wrong is named with its pointer, an image too: a hold runs nothing")
    func errors() throws {
        let text = #"""
            { "spec": { "vcpu": 2, "image": "i" }, "count": 0, "timeToLive": "PT1S",
              "window": { "end": "2026-06-17T13:00:00Z", "days": 1 } }
            """#
        guard case .failure(let invalid) = HoldRequest.read(try Body.json(text)) else {
            Issue.record("five fields are wrong")
            return
        }
        #expect(
            Set(invalid.errors.map(\.pointer)) == [
                "/spec/memoryMiB", "/spec/image", "/count", "/timeToLive", "/window/end", "/window/days",
            ]
        )
    }
}
