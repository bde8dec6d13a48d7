import CapacityAPI
import CapacityModel

/// A problem document for a person: what was refused, which field is wrong and where, what binds, and what would work
/// instead.
enum ProblemText {
    /// What follows the title on standard error. `file` is the order that was refused, where there was one.
    static func text(_ problem: Problem, file: OrderFile? = nil) -> String {
        var parts: [String] = []
        let errors = problem.errors ?? []
        // With one error the detail is that error; its line below has the place as well.
        if let detail = problem.detail, errors.count != 1 || !detail.hasSuffix(errors[0].detail) {
            parts.append("  \(detail.printable)\n")
        }
        if !errors.isEmpty { parts.append(text(errors, file: file)) }
        if let gap = problem.gap, !gap.isEmpty { parts.append("\nWhat binds:\n\n" + text(gap)) }
        if let offers = problem.offers, !offers.isEmpty {
            parts.append("\nWhat would work instead:\n\n" + text(offers))
            if let file { parts.append(accepting(offers, file: file)) }
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
            .text("offer"), .number("instances"), .text("window"), .number("price"), .text("good until"),
        ])
        for offer in offers {
            table.add(
                offer.kind.rawValue, "\(offer.count)", OrderDescription.text(offer.window),
                money(offer.price.amountMicro, offer.price.currency), offer.expiresAt.clock
            )
        }
        return table.text
    }

    /// For each offer the command that accepts it: the same order with what differs, and the quote.
    private static func accepting(_ offers: [OfferView], file: OrderFile) -> String {
        let lines = offers.map { offer in
            var changes = file.changes
            changes.quote = offer.quoteId
            switch offer.kind {
            case .fewer: changes.count = offer.count
            case .later:
                changes.start = offer.window.start.description
                changes.duration = offer.window.duration
            }
            return "  muster order create -f \(shellWord(file.name))\(changes.words)\n"
        }
        return "\nTo accept one:\n\n" + lines.joined()
    }
}

extension String {
    var droppingLastLineBreak: String { hasSuffix("\n") ? String(dropLast()) : self }
}
