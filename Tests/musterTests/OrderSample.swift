import CapacityAPI
import CapacityModel

@testable import muster

/// Orders, events and instances to tell stories with. The order is made at 12:00:00.5 UTC for a window 12:00 to 12:10.
enum OrderSample {
    static let noon = Instant(secondsSinceEpoch: 1_781_697_600)

    static func at(_ seconds: Double) -> Instant {
        noon + .microseconds(Int64(seconds * 1_000_000))
    }

    static func order(
        count: Int = 10,
        state: OrderState = .accepted,
        instances: InstanceCounts? = nil,
        refused: Int = 0,
        fulfilment: Fulfilment = .allOrNothing,
        opensAfter: Double = 0
    ) -> OrderView {
        let spec = Spec(resources: Resources(vcpuMilli: 50, memoryMiB: 16), image: "muster.local/probe:1")
        let groups = [
            PlanView.Group(site: "s1", host: "h1", province: "44", city: "4403", carrier: .telecom, count: count - 3),
            PlanView.Group(site: "s2", host: "h2", province: "11", city: "1101", carrier: .mobile, count: 3),
        ]
        let price = PriceView.Line(
            area: .south, count: count, instanceSeconds: 6_000, instanceHourMicro: 6_016, amountMicro: 10_027
        )
        return OrderView(
            id: "ord-1", name: "probe", state: state, createdAt: at(0.5), cancelledAt: nil, revision: 1, count: count,
            spec: SpecView(spec), scope: .nationwide,
            window: WindowView(Window(start: at(opensAfter), duration: .seconds(600))), spread: [],
            fulfilment: FulfilmentView(fulfilment), release: ReleaseView(grace: .seconds(30)),
            delivery: DeliveryView(lead: .zero),
            counts: counts(count, instances ?? InstanceCounts(planned: count - refused), refused: refused),
            plan: PlanView(groups: groups, relaxed: []), price: PriceView(currency: "CNY", lines: [price])
        )
    }

    static func counts(_ requested: Int, _ instances: InstanceCounts, refused: Int = 0) -> Counts {
        Counts(
            requested: requested, waiting: requested - refused - instances.total, refused: refused,
            instances: instances,
            failed: 0
        )
    }

    static func event(_ sequence: Int64, _ state: OrderState, _ counts: Counts) -> OrderEventView {
        OrderEventView(sequence: sequence, kind: .counts, at: at(Double(sequence)), state: state, counts: counts)
    }

    static func instance(_ number: Int, _ state: Instance.State, since seconds: Double, province: String)
        -> InstanceView
    {
        InstanceView(
            id: "i-\(number)", site: "s1", host: "h1", province: province, address: nil, ssh: nil, state: state,
            since: at(seconds), message: nil
        )
    }
}
