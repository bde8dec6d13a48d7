import CapacityAPI
import CapacityModel

/// Why an order is refused, or a quote as it is, in tables.
enum ExplanationText {
    /// Parts beyond these are read in JSON.
    private static let partLimit = 12

    static func text(_ explanation: RefusalExplanationView) -> String {
        let next =
            explanation.nextStart.map { "As it is asked for it fits from \($0.toTheSecond) on.\n" }
            ?? "No start before \(explanation.searchedUntil.toTheSecond) fits.\n"
        return "\nWhere, if all of it were asked for there:\n\n" + text(explanation.parts) + "\n" + next
    }

    static func text(_ explanation: QuoteExplanationView) -> String {
        var steps = Table([.text("of the fleet"), .number("sites"), .number("hosts"), .number("instances fit")])
        for step in explanation.steps {
            steps.add(words(step.step), "\(step.sites)", "\(step.hosts)", step.instances.map { "\($0)" } ?? "-")
        }
        var text = "What each constraint left:\n\n" + steps.text + "\nWhere:\n\n" + self.text(explanation.parts)
        if !explanation.spread.isEmpty {
            var spread = Table([
                .text("spread by"), .number("at most"), .number("largest"), .number("at least"), .number("groups"),
                .text("kept"),
            ])
            for use in explanation.spread {
                spread.add(
                    use.level.rawValue, use.limit.map { "\($0)" } ?? "-", "\(use.largest)",
                    use.minGroups.map { "\($0)" } ?? "-", "\(use.groups)", use.relaxed ? "relaxed" : "yes")
            }
            text += "\n" + spread.text
        }
        var sites = Table([.text("site"), .number("preferred"), .number("had room for"), .number("takes")])
        for choice in explanation.choices.prefix(partLimit) {
            sites.add(choice.site, "\(choice.rank).", "\(choice.room)", "\(choice.count)")
        }
        return text + "\n" + sites.text
    }

    private static func text(_ parts: [ScopePartView]) -> String {
        var table = Table([
            .text("part"), .number("sites"), .number("hosts"), .number("fit"), .number("missing"), .text("what binds"),
        ])
        for part in parts.prefix(partLimit) {
            table.add(
                part.scope.map { Scope(include: [$0]).words } ?? "all of it", "\(part.sites)", "\(part.hosts)",
                "\(part.available)", "\(part.missing)", text(part.bindings))
        }
        let more = parts.count > partLimit ? "and \(parts.count - partLimit) parts more\n" : ""
        return table.text + more
    }

    private static func text(_ bindings: [ScopePartView.BindingView]) -> String {
        if let first = bindings.first, first.together {
            return bindings.map(name).joined(separator: " and ") + " together: \(first.gain) more"
        }
        return bindings.isEmpty ? "-" : bindings.map { "\(name($0)): \($0.gain) more" }.joined(separator: ", ")
    }

    private static func name(_ binding: ScopePartView.BindingView) -> String {
        switch binding.constraint {
        case "spread": "spread by \(binding.name ?? "")"
        case "capability": "capability \(binding.name ?? "")"
        case "exclusion": "what is excluded"
        case "reservations": "what is reserved then"
        case "closures": "what is closed then"
        case "headroom": "what is protected for others"
        case "holds": "what others hold"
        case "gpuModel": "GPU model"
        case "survival": "the spare"
        case let constraint: constraint
        }
    }

    private static func words(_ step: String) -> String {
        switch step {
        case "fleet": "all"
        case "included": "in scope"
        case "notExcluded": "not excluded"
        case "capable": "with the capabilities"
        case "largeEnough": "large enough, if empty"
        case "free": "free in the window"
        case "used": "in the plan"
        default: step
        }
    }
}
