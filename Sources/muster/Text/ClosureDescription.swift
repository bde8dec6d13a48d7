import CapacityAPI
import CapacityModel

/// Closures as a person reads them.
enum ClosureDescription {
    static func text(_ closures: [ClosureView]) -> String {
        var table = Table([
            .text("closure"), .text("what"), .text("where"), .text("from"), .text("until"), .text("drains"),
            .text("reason"),
        ])
        for closure in closures {
            table.add(
                closure.id, closure.kind.rawValue, place(closure), closure.start?.toTheSecond ?? "-",
                closure.end?.toTheSecond ?? "-", closure.drain ? "yes" : "no", closure.reason
            )
        }
        return table.text
    }

    static func text(_ closure: ClosureView) -> String {
        var facts = Facts()
        facts.add("closure", closure.id)
        facts.add("what", closure.kind.rawValue + (closure.drain ? ", drains" : ""))
        facts.add("where", place(closure))
        facts.add("from", closure.start?.toTheSecond)
        facts.add("until", closure.end?.toTheSecond)
        facts.add("reason", closure.reason)
        facts.add("lifted", closure.liftedAt?.toTheSecond)
        if let impact = closure.impact { facts.add("meets", summary(impact)) }
        guard let impact = closure.impact, !impact.items.isEmpty else { return facts.text }
        var table = Table([
            .text("order"), .text("tenant"), .text("site"), .text("host"), .number("count"), .text("state"),
            .text("from"), .text("until"),
        ])
        for item in impact.items {
            table.add(
                item.orderId ?? item.reservationId ?? "-", item.tenant, item.site, item.host, "\(item.count)",
                item.state.rawValue, item.window.start.toTheSecond, item.window.end.toTheSecond
            )
        }
        return facts.text + "\n" + table.text + (impact.more ? "There are more than these.\n" : "")
    }

    private static func place(_ closure: ClosureView) -> String {
        if let host = closure.host { return "host \(host)" }
        return "site \(closure.site ?? "-")"
    }

    private static func summary(_ impact: ImpactView) -> String {
        guard impact.running + impact.future > 0 else { return "nothing" }
        return "\(impact.running) running, \(impact.future) to begin"
    }
}
