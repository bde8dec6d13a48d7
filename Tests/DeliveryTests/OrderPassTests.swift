import CapacityModel
import Testing

@testable import CapacityStore
@testable import Delivery

@Suite("What is due for an order")
struct OrderPassTests {
    /// An order of ten from 1,000 to 2,000 seconds, agents told from 970 on.
    static func order(
        _ state: OrderState, _ counts: OrderCounts, replaced: Int = 0, topUp: Bool = false, deadline: Int64? = nil
    ) -> OrderRecord {
        let window = Window(start: Instant(secondsSinceEpoch: 1_000), end: Instant(secondsSinceEpoch: 2_000))
        return OrderRecord(
            id: OrderID(rawValue: 1), tenant: TenantID(rawValue: 1),
            request: OrderRequest(
                spec: Spec(resources: Resources(vcpuMilli: 1, memoryMiB: 1), image: "i"), count: 10,
                timing: OrderRequest.Timing(start: window.start, duration: window.duration),
                fulfilment: Fulfilment(
                    policy: .bestEffort, deadline: deadline.map { .seconds($0) }, topUp: topUp)
            ),
            window: window, state: state, createdAt: Instant(secondsSinceEpoch: 0), cancelledAt: nil, revision: 1,
            counts: counts, replaced: replaced, relaxed: [], rates: []
        )
    }

    static func decide(_ order: OrderRecord, _ seconds: Int64) -> OrderPass.Decision {
        OrderPass.decide(order, at: Instant(secondsSinceEpoch: seconds))
    }

    @Test("before the hand-over nothing is due but to come back for it")
    func early() {
        let order = Self.order(.accepted, OrderCounts(requested: 10, planned: 10))
        #expect(Self.decide(order, 500) == .init(actions: [], next: .seconds(470)))
        #expect(Self.decide(order, 970) == .init(actions: [.assign, .move(.deliver)], next: .seconds(2)))
    }

    @Test("a spare is delivered before anything is planned, and looked at every minute while all is well")
    func spare() {
        var order = Self.order(.active, OrderCounts(requested: 10, waiting: 3, ready: 7, failed: 3))
        order.request.survive = Survival()
        order.spare = 2
        #expect(Self.decide(order, 1_100) == .init(actions: [.deliverSpare(3)], next: .zero))
        order.spare = 0
        #expect(Self.decide(order, 1_100) == .init(actions: [.place(3)], next: .seconds(5)))
        order.counts = OrderCounts(requested: 10, ready: 10, failed: 3)
        order.replaced = 3
        #expect(Self.decide(order, 1_100) == .init(actions: [.keepSpare], next: .seconds(60)))
        var early = Self.order(.accepted, OrderCounts(requested: 10, planned: 10))
        early.request.survive = Survival()
        #expect(Self.decide(early, 500) == .init(actions: [.keepSpare], next: .seconds(60)))
    }

    @Test("an order is active when nothing is on its way any more")
    func active() {
        let onTheWay = Self.order(.delivering, OrderCounts(requested: 10, starting: 1, ready: 9))
        #expect(Self.decide(onTheWay, 1_100) == .init(actions: [], next: .seconds(2)))
        let ready = Self.order(.delivering, OrderCounts(requested: 10, ready: 10))
        #expect(Self.decide(ready, 1_100) == .init(actions: [.move(.ready)], next: .seconds(900)))
        let active = Self.order(.active, OrderCounts(requested: 10, ready: 10))
        #expect(Self.decide(active, 1_100) == .init(actions: [], next: .seconds(900)))
    }

    @Test(
        "at the end of the window everything goes, from every state",
        arguments: [OrderState.accepted, .delivering, .active])
    func end(state: OrderState) {
        let order = Self.order(state, OrderCounts(requested: 10, waiting: 2, planned: 1, ready: 7))
        #expect(Self.decide(order, 2_000) == .init(actions: [.refuseWaiting, .release, .move(.release)], next: .zero))
    }

    @Test("the receipt is written when every stop is confirmed, and then nothing is due for ever")
    func settle() {
        let stopping = Self.order(.releasing, OrderCounts(requested: 10, releasing: 1, released: 9))
        #expect(Self.decide(stopping, 2_001) == .init(actions: [.fence], next: .seconds(2)))
        let stopped = Self.order(.releasing, OrderCounts(requested: 10, released: 10))
        #expect(Self.decide(stopped, 2_001) == .init(actions: [.refuseWaiting, .settle, .move(.settle)], next: nil))
        #expect(Self.decide(Self.order(.settled, OrderCounts(requested: 10, released: 10)), 9_999).next == nil)
    }

    @Test("failed instances are placed again while retries are left; what was never placed only by topping up")
    func waiting() {
        let failed = OrderCounts(requested: 10, waiting: 2, ready: 8, failed: 2)
        #expect(Self.decide(Self.order(.active, failed), 1_100).actions == [.place(2)])
        #expect(Self.decide(Self.order(.active, failed, replaced: 2), 1_100).actions == [.refuseWaiting])
        let many = OrderCounts(requested: 10, waiting: 2, ready: 8, failed: 12)
        #expect(Self.decide(Self.order(.active, many, replaced: 10), 1_100).actions == [.refuseWaiting])

        let missing = OrderCounts(requested: 10, waiting: 4, ready: 6)
        #expect(Self.decide(Self.order(.active, missing), 1_100).actions == [.refuseWaiting])
        let patient = Self.order(.active, missing, topUp: true, deadline: 1_200)
        #expect(Self.decide(patient, 1_100) == .init(actions: [.place(4)], next: .seconds(5)))
        #expect(Self.decide(patient, 1_200).actions == [.refuseWaiting])
    }

    @Test(
        "an order is given up when no site finds its image: two say so, or one and no other is at work",
        arguments: [
            (ImageSearch(sitesWithout: 1, sitesAtWork: 0, wasReady: false, detail: "none"), true),
            (ImageSearch(sitesWithout: 1, sitesAtWork: 1, wasReady: false, detail: "none"), false),
            (ImageSearch(sitesWithout: 2, sitesAtWork: 9, wasReady: false, detail: "none"), true),
            (ImageSearch(sitesWithout: 1, sitesAtWork: 0, wasReady: true, detail: "none"), false),
            (ImageSearch(sitesWithout: 9, sitesAtWork: 0, wasReady: true, detail: "none"), false),
        ]
    )
    func missingImage(search: ImageSearch, isGivenUp: Bool) {
        let order = Self.order(.delivering, OrderCounts(requested: 10, waiting: 2, starting: 8, failed: 2))
        let decision = OrderPass.decide(order, search, at: Instant(secondsSinceEpoch: 1_100))
        let problem = OrderProblem(code: .imageNotFound, detail: "none")
        let end = OrderPass.Decision(
            actions: [.stop, .refuseWaiting, .move(.release), .note(problem)], next: .zero)
        #expect(decision == (isGivenUp ? end : .init(actions: [.place(2)], next: .seconds(2))))
    }

    @Test("an order that is over is not given up any more")
    func missingImageTooLate() {
        let search = ImageSearch(sitesWithout: 2, sitesAtWork: 0, wasReady: false, detail: "none")
        let order = Self.order(.delivering, OrderCounts(requested: 10, waiting: 10, failed: 10))
        let decision = OrderPass.decide(order, search, at: Instant(secondsSinceEpoch: 2_000))
        #expect(decision.actions == [.refuseWaiting, .release, .move(.release)])
        let releasing = Self.order(.releasing, OrderCounts(requested: 10, waiting: 10, failed: 10))
        #expect(
            OrderPass.decide(releasing, search, at: Instant(secondsSinceEpoch: 1_100)).actions
                == [.refuseWaiting, .settle, .move(.settle)])
    }
}
