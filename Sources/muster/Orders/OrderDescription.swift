import CapacityAPI
import CapacityModel

/// Orders and quotes in words, for `-o table`.
enum OrderDescription {
    static func text(_ order: OrderView) -> String {
        var facts = Facts()
        facts.add("order", order.id)
        facts.add("name", order.name)
        facts.add("state", order.state.rawValue)
        facts.add("instances", "\(order.count) x \(text(order.spec))")
        facts.add("window", text(order.window))
        facts.add("made", order.createdAt.toTheSecond)
        facts.add("reservation", order.reservationId)
        facts.add("cancelled", order.cancelledAt?.toTheSecond)
        facts.add("spare", order.spare.map { text($0, order.price.currency) })
        facts.add("price", money(order.price.amountMicro, order.price.currency))
        facts.add("counts", text(order.counts))
        facts.add("not kept", relaxed(order.plan))
        return facts.text + "\n" + (order.problem.map(givenUp) ?? "") + provinces(order.plan)
    }

    /// What stands with an order that was given up, which is still listed with everything it asked for.
    static func givenUp(_ problem: Problem) -> String {
        "The order was given up: \(problem.title.printable)\n\(ProblemText.text(problem))\n\n"
    }

    static func text(_ quote: QuoteView) -> String {
        var facts = Facts()
        facts.add("quote", "\(quote.quoteId), good until \(quote.expiresAt.toTheSecond); nothing is held")
        let missing = quote.missing > 0 ? ", \(quote.missing) more are not to be had now" : ""
        facts.add("instances", "\(quote.count) x \(text(quote.spec))\(missing)")
        facts.add("window", text(quote.window))
        facts.add("spare", quote.spare.map { text($0, quote.price.currency) })
        facts.add("price", money(quote.price.amountMicro, quote.price.currency))
        facts.add("not kept", relaxed(quote.plan))
        return facts.text + "\n" + provinces(quote.plan) + "\n" + prices(quote.price)
    }

    /// The plan by province, most instances first. A plan of hundreds of sites is read in JSON.
    static func provinces(_ plan: PlanView) -> String {
        var table = Table([.text("province"), .number("sites"), .number("hosts"), .number("instances")])
        let groups = Dictionary(grouping: plan.groups, by: \.province)
        let counted = groups.map { ($0.key, $0.value, $0.value.reduce(0) { $0 + $1.count }) }
        for (province, groups, count) in counted.sorted(by: { ($1.2, $0.0) < ($0.2, $1.0) }) {
            let sites = Set(groups.map(\.site)).count
            table.add(provinceName(province), "\(sites)", "\(groups.count)", "\(count)")
        }
        table.add("all", "\(plan.sites)", "\(plan.hosts)", "\(counted.reduce(0) { $0 + $1.2 })")
        return table.text
    }

    private static func prices(_ price: PriceView) -> String {
        var table = Table([.text("area"), .number("instances"), .number("each, an hour"), .number("amount")])
        let hourDigits = moneyDigits(price.lines.map(\.instanceHourMicro))
        let digits = moneyDigits(price.lines.map(\.amountMicro))
        for line in price.lines {
            table.add(
                line.area.rawValue, "\(line.count)",
                money(line.instanceHourMicro, price.currency, digits: hourDigits),
                money(line.amountMicro, price.currency, digits: digits)
            )
        }
        return table.text
    }

    static func text(_ window: WindowView) -> String {
        let length = Duration(iso8601: window.duration)?.spoken ?? window.duration
        return "\(window.start.toTheSecond) to \(window.end.toTheSecond), \(length)"
    }

    static func text(_ spec: SpecView) -> String {
        var parts = ["\(spec.kind.rawValue) \(plain(spec.vcpu)) vCPU, \(spec.memoryMiB) MiB"]
        if spec.diskGiB > 0 { parts.append("\(spec.diskGiB) GiB disk") }
        if spec.bandwidthMbps > 0 { parts.append("\(spec.bandwidthMbps) Mbps") }
        if let gpu = spec.gpu { parts.append("\(plain(gpu.count)) x \(gpu.model)") }
        return parts.joined(separator: ", ") + " (\(spec.image))"
    }

    /// What makes up for the loss of a site.
    static func text(_ spare: SpareView, _ currency: String) -> String {
        guard spare.count > 0 else { return "none is left; looked for every minute" }
        let sites = spare.sites == 1 ? "1 site" : "\(spare.sites) sites"
        return "\(spare.count) held at \(sites) against the loss of any one, for \(money(spare.amountMicro, currency))"
    }

    /// Only the counts that are not zero, so that the line stays short.
    static func text(_ counts: Counts) -> String {
        let instances = counts.instances
        let parts = [
            (counts.waiting, "waiting"), (counts.refused, "refused"), (instances.planned, "planned"),
            (instances.assigned, "assigned"), (instances.starting, "starting"), (instances.ready, "ready"),
            (instances.releasing, "releasing"), (instances.released, "released"), (counts.failed, "failed so far"),
        ]
        return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    /// `province (only at most 15 each)`.
    private static func text(_ relaxed: RelaxedRule) -> String {
        guard let softened = relaxed.softenedTo else { return "\(relaxed.rule.level.rawValue) (not at all)" }
        let parts = [
            softened.maxPerGroup.map { "at most \($0) each" }, softened.minGroups.map { "at least \($0)" },
            softened.maxSkew.map { "at most \($0) apart" },
        ]
        return "\(relaxed.rule.level.rawValue) (only \(parts.compactMap(\.self).joined(separator: ", ")))"
    }

    private static func relaxed(_ plan: PlanView) -> String? {
        let spread =
            plan.relaxed.isEmpty ? [] : ["relaxable spread over " + plan.relaxed.map(text).joined(separator: ", ")]
        let others =
            (plan.relaxedAffinity ?? []).map { "with \($0.order) by \($0.level.rawValue)" }
            + (plan.relaxedAntiAffinity ?? []).map { "apart from \($0.order) by \($0.level.rawValue)" }
        let parts = spread + others
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
