import CapacityAPI
import CapacityModel

/// What somebody watching an order waits for.
enum WatchGoal: String, CaseIterable, Sendable {
    case ready, released, settled
}

/// How far an order has come, told by what the service says. Knows nothing of sockets, clocks or terminals.
struct OrderProgress: Sendable {
    enum Outcome: Equatable, Sendable {
        case reached
        /// The goal cannot be reached any more.
        case fellShort(String)
    }

    /// A province's instances, and how many of them are where the order is going: ready, or released.
    struct ProvinceProgress: Equatable, Sendable {
        var code: String
        var total: Int
        var done: Int
        var missing: Int { total - done }
        var name: String { Province.named(code)?.name ?? code }
    }

    let goal: WatchGoal
    private(set) var order: OrderView
    private(set) var state: OrderState
    private(set) var counts: Counts
    /// The last event's number; the stream goes on after it.
    private(set) var sequence: Int64 = 0
    private var instances: [InstanceView] = []

    init(_ order: OrderView, goal: WatchGoal) {
        self.goal = goal
        self.order = order
        state = order.state
        counts = order.counts
    }

    /// An event. One that came before, as after a cut, changes nothing.
    mutating func absorb(_ event: OrderEventView) {
        guard event.sequence > sequence else { return }
        sequence = event.sequence
        state = event.state
        counts = event.counts
    }

    /// The order as it was read when `asked` was the last event. Its counts say nothing new once another event has
    /// come.
    mutating func absorb(_ order: OrderView, asked: Int64) {
        self.order = order
        guard asked == sequence else { return }
        state = order.state
        counts = order.counts
    }

    mutating func absorb(_ instances: [InstanceView]) {
        self.instances = instances
    }

    var isOver: Bool { state == .releasing || state == .settled }

    /// Instances that have capacity and are not confirmed stopped.
    var live: Int { counts.reserved - counts.instances.released }

    /// How the watch ends, once it does.
    var outcome: Outcome? {
        switch goal {
        case .ready: readiness
        case .released: isOver && live == 0 ? .reached : nil
        case .settled: state == .settled ? .reached : nil
        }
    }

    private var readiness: Outcome? {
        let ready = counts.instances.ready
        switch state {
        case .accepted, .delivering: return nil
        case .active where ready >= leastAcceptable: return .reached
        case .active: return .fellShort("\(ready) of \(counts.requested) are ready and no more will be\(reasons)")
        case .releasing, .settled:
            let why = order.cancelledAt == nil ? "its window has ended" : "it was cancelled"
            return .fellShort("the order is \(state.rawValue): \(why)\(reasons)")
        }
    }

    private var leastAcceptable: Int {
        let fulfilment = order.fulfilment
        return Fulfilment(policy: fulfilment.policy, minCount: fulfilment.minCount).leastAcceptable(
            of: counts.requested)
    }

    private var reasons: String {
        let parts = [(counts.refused, "refused"), (counts.waiting, "waiting"), (counts.failed, "failed so far")]
        let text = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        return text.isEmpty ? "" : " (\(text))"
    }

    /// The provinces that still miss instances, those that miss most first.
    var lagging: [ProvinceProgress] {
        var provinces: [String: ProvinceProgress] = [:]
        for instance in instances where instance.state != .failed {
            var province = provinces[instance.province] ?? ProvinceProgress(code: instance.province, total: 0, done: 0)
            province.total += 1
            if instance.state == (isOver ? .released : .ready) { province.done += 1 }
            provinces[instance.province] = province
        }
        return provinces.values.filter { $0.missing > 0 }.sorted { ($1.missing, $0.code) < ($0.missing, $1.code) }
    }
}
