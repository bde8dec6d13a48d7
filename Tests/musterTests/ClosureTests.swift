import ArgumentParser
import CapacityAPI
import CapacityModel
import Testing

@testable import muster

@Suite("closing hosts and sites")
struct ClosureTests {
    private func closure(_ impact: ImpactView?) -> ClosureView {
        ClosureView(
            Closure(
                id: ClosureID(rawValue: 3), kind: .maintenance, place: .host("h1"), start: OrderSample.noon,
                end: OrderSample.at(3_600), drains: true, reason: "new switches", createdAt: OrderSample.noon
            ),
            impact: impact
        )
    }

    @Test("a closure says what it is, where and when, and lists what it meets")
    func impact() {
        let item = ImpactView.Item(
            orderId: "ord-7", reservationId: nil, tenant: "t", site: "s1", host: "h1",
            window: WindowView(Window(start: OrderSample.noon, duration: .seconds(60))), count: 5, state: .running)
        let text = ClosureDescription.text(closure(ImpactView(running: 5, future: 2, items: [item], more: true)))
        #expect(text.contains("maintenance, drains\n"))
        #expect(text.contains("host h1\n"))
        #expect(text.contains("5 running, 2 to begin\n"))
        #expect(text.contains("ord-7"))
        #expect(text.hasSuffix("There are more than these.\n"))
        let idle = ClosureDescription.text(closure(ImpactView(running: 0, future: 0, items: [], more: false)))
        #expect(idle.contains("nothing\n"))
    }

    @Test("a loss says which orders lost how much, and whether anything may run on")
    func loss() {
        let item = LossView.Item(orderId: "ord-7", tenant: "t", lost: 5, covered: 3)
        var lost = closure(nil)
        lost.loss = LossView(lost: 5, covered: 3, unstopped: 4, items: [item], more: true)
        let text = ClosureDescription.text(lost)
        #expect(text.contains("5 instances, 3 of them made up for by a spare\n"))
        #expect(text.contains("4 instances\n"))
        #expect(text.contains("ord-7"))
        #expect(text.hasSuffix("There are more than these.\n"))
    }

    @Test("a list has one line a closure")
    func list() {
        let lines = ClosureDescription.text([closure(nil), closure(nil)]).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("new switches"))
    }

    @Test(
        "every verb is understood",
        arguments: [
            ["site", "cordon", "a", "--reason", "r"], ["host", "cordon", "a", "--reason", "r"],
            ["site", "drain", "a", "--reason", "r"], ["host", "uncordon", "a"],
            ["site", "maintain", "a", "--duration", "PT1H", "--reason", "r"],
            [
                "host", "maintain", "a", "--start", "2026-06-18T02:00:00+08:00", "--end", "2026-06-18T04:00:00+08:00",
                "--drain",
                "--reason", "r",
            ],
            ["site", "retire", "a", "--deadline", "2026-06-18T02:00:00+08:00", "--reason", "r"],
            ["site", "lost", "a", "--reason", "r"],
            ["site", "set", "a", "--vcpu-oversell", "1.5", "--system-vcpu", "2"],
            ["host", "set", "a", "--system-memory", "4096"],
            ["host", "set", "a"],
            ["closure"], ["closure", "list", "--site", "a"], ["closure", "get", "cls-1"], ["closure", "lift", "cls-1"],
        ]
    )
    func verbs(words: [String]) throws {
        #expect(throws: Never.self) { try Muster.parseAsRoot(words) }
    }

    @Test(
        "what cannot be meant is refused",
        arguments: [
            ["site", "lost", "a"], ["host", "lost", "a", "--reason", "r"],
            ["host", "cordon", "a"], ["host", "retire", "a", "--deadline", "d", "--reason", "r"],
            ["site", "maintain", "a", "--reason", "r"], ["site", "set", "a"],
            ["site", "maintain", "a", "--duration", "PT1H", "--end", "e", "--reason", "r"],
        ]
    )
    func refused(words: [String]) throws {
        #expect(throws: (any Error).self) { try Muster.parseAsRoot(words) }
    }
}
