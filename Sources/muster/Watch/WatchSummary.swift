import CapacityAPI
import CapacityModel

/// What is said when a watch has seen its goal: how long it took, from each instance's own instants.
enum WatchSummary {
    /// Times to ready, from when the order was made or, if that was later, from when its window opened.
    static func delivery(_ order: OrderView, _ instances: [InstanceView]) -> String {
        let origin = max(order.createdAt, order.window.start)
        let waits = instances.filter { $0.state == .ready }.map { $0.since - origin }.sorted()
        guard let first = waits.first, let last = waits.last else { return "" }
        let since = origin == order.createdAt ? "the order was made" : "the window opened"
        var table = Table([.text("ready"), .number("instances"), .number("seconds after \(since)")])
        table.add("first", "1", seconds(first))
        table.add("half", "\(rank(0.5, waits.count))", seconds(percentile(waits, 0.5)))
        table.add("99 %", "\(rank(0.99, waits.count))", seconds(percentile(waits, 0.99)))
        table.add("all", "\(waits.count)", seconds(last))
        return table.text
    }

    /// How long after the window's end stops were confirmed. One that stopped before the end has no lag.
    static func release(_ order: OrderView, _ instances: [InstanceView]) -> String {
        let lags = instances.filter { $0.state == .released }
            .map { max(.zero, $0.since - order.window.end) }.sorted()
        guard let last = lags.last else { return "" }
        var table = Table([.text("released"), .number("instances"), .number("seconds after the window's end")])
        table.add("p50", "\(rank(0.5, lags.count))", seconds(percentile(lags, 0.5)))
        table.add("p99", "\(rank(0.99, lags.count))", seconds(percentile(lags, 0.99)))
        table.add("max", "\(lags.count)", seconds(last))
        return table.text
    }

    private static func rank(_ share: Double, _ count: Int) -> Int {
        max(1, Int((share * Double(count)).rounded(.up)))
    }

    private static func seconds(_ duration: Duration?) -> String {
        duration.map { fixed($0.inSeconds, 1) } ?? "-"
    }
}
