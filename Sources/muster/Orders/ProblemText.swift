import CapacityAPI
import CapacityModel

/// A problem document for a person: what was refused, which field is wrong and where, what binds, and what would work
/// instead.
enum ProblemText {
    /// What follows the title on standard error. `file` is the order that was refused, where there was one.
    static func text(_ problem: Problem, file: OrderFile? = nil) -> String {
        var parts: [String] = []
        let errors = problem.errors ?? []
        // The detail of wrong fields is the first of them; its line below has the place as well.
        if let detail = problem.detail, !(errors.first.map { detail.hasSuffix($0.detail) } ?? false) {
            parts.append("  \(detail.printable)\n")
        }
        if !errors.isEmpty { parts.append(text(errors, file: file)) }
        if let gap = problem.gap, !gap.isEmpty { parts.append("\nWhat binds:\n\n" + text(gap)) }
        if let explanation = problem.explanation { parts.append(ExplanationText.text(explanation)) }
        if let offers = problem.offers, !offers.isEmpty {
            parts.append("\nWhat would work instead:\n\n" + text(offers))
            if file != nil { parts.append(accepting(offers.compactMap(\.quoteId))) }
        }
        return parts.joined().droppingLastLineBreak
    }

    private static func text(_ errors: [FieldError], file: OrderFile?) -> String {
        errors.map { error in
            let place = file?.place(of: error.pointer).map { "\(OrderFile.shown(file?.name ?? "")):\($0) " } ?? ""
            let field = error.pointer.isEmpty ? "" : "\(error.pointer): "
            return "  \(place)\(field)\(error.detail)".printable + "\n"
        }.joined()
    }

    private static func text(_ gap: [GapView]) -> String {
        var table = Table([.text("bound"), .number("missing"), .text("why")])
        for line in gap {
            let level = line.level.map { " by \($0.rawValue)" } ?? ""
            table.add(line.bound.rawValue + level, "\(line.missing)", line.detail)
        }
        return table.text
    }

    private static func text(_ offers: [OfferView]) -> String {
        var table = Table([
            .text("offer"), .number("instances"), .text("window"), .number("price"), .text("held until"),
            .text("good until"), .text("what changes"),
        ])
        let digits = moneyDigits(offers.compactMap(\.price?.amountMicro))
        for offer in offers {
            table.add(
                offer.kind.rawValue, "\(offer.count)", OrderDescription.text(offer.window),
                offer.price.map { money($0.amountMicro, $0.currency, digits: digits) } ?? "-",
                offer.heldUntil?.clock ?? "-", offer.expiresAt?.clock ?? "-", offer.change
            )
        }
        return table.text
    }

    /// For each offer the command that accepts it.
    private static func accepting(_ quotes: [String]) -> String {
        let lines = quotes.map { "  muster order create --quote \(shellWord($0))\n" }
        return lines.isEmpty ? "" : "\nTo accept one:\n\n" + lines.joined()
    }
}

extension OfferView {
    /// What differs from the order that was refused, in a word or a few.
    fileprivate var change: String {
        switch kind {
        case .withoutSpare: "no spare"
        case .softer: (spread ?? []).isEmpty ? "no spread rules" : (spread ?? []).map(\.words).joined(separator: "; ")
        case .wider: scope?.words ?? ""
        case .otherSpec:
            spec.map { "\($0.words) each" } ?? ""
        case .later: "the start"
        case .fewer: "the count"
        case .shorter: "the end: \(window.end.toTheSecond)"
        }
    }
}

extension SpreadRule {
    fileprivate var words: String {
        var limits: [String] = []
        if let maxPerGroup { limits.append("at most \(maxPerGroup)") }
        if let maxShare { limits.append("at most \(plain((maxShare * 1_000).rounded() / 10)) %") }
        if let minGroups { limits.append("at least \(minGroups) groups") }
        if let maxSkew { limits.append("used ones alike within \(maxSkew)") }
        return "by \(level.rawValue) \(limits.joined(separator: ", "))"
    }
}

extension Scope {
    var words: String {
        guard !include.isEmpty else { return exclude.isEmpty ? "nationwide" : "nationwide, but the excluded" }
        let names = include.map { selector in
            let parts = [
                selector.area?.rawValue, selector.province.map { "province \($0)" }, selector.city.map { "city \($0)" },
                selector.carrier?.rawValue, selector.site.map { "site \($0)" },
            ]
            return parts.compactMap(\.self).joined(separator: " ")
        }
        return "from " + names.joined(separator: ", ")
    }
}

extension String {
    var droppingLastLineBreak: String { hasSuffix("\n") ? String(dropLast()) : self }
}
