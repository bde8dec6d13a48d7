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
        if let loss = closure.loss {
            facts.add("lost", "\(loss.lost) instances, \(loss.covered) of them made up for by a spare")
            facts.add("may run on", loss.unstopped == 0 ? "nothing" : "\(loss.unstopped) instances")
        }
        if let impact = closure.impact { facts.add("meets", summary(impact)) }
        return facts.text + (closure.loss.map(table) ?? "") + (closure.impact.map(table) ?? "")
    }

    private static func table(_ loss: LossView) -> String {
        guard !loss.items.isEmpty else { return "" }
        var table = Table([.text("order"), .text("tenant"), .number("lost"), .number("covered")])
        for item in loss.items { table.add(item.orderId, item.tenant, "\(item.lost)", "\(item.covered)") }
        return "\n" + table.text + (loss.more ? "There are more than these.\n" : "")
    }

    private static func table(_ impact: ImpactView) -> String {
        guard !impact.items.isEmpty else { return "" }
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
        return "\n" + table.text + (impact.more ? "There are more than these.\n" : "")
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
