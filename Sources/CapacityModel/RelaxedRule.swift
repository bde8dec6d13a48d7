/// A relaxable rule that a plan could not keep as it was given, and what it kept instead.
///
/// In JSON it is the rule itself with one field more, so that who reads rules reads these.
package struct RelaxedRule: Hashable, Sendable {
    package var rule: SpreadRule
    /// The rule that was kept: the same with its limits widened by the least that helped. `nil` where it was dropped.
    package var softenedTo: SpreadRule?

    package init(_ rule: SpreadRule, softenedTo: SpreadRule? = nil) {
        self.rule = rule
        self.softenedTo = softenedTo
    }
}

extension RelaxedRule: Codable {
    private enum CodingKeys: String, CodingKey {
        case softenedTo
    }

    package init(from decoder: any Decoder) throws {
        rule = try SpreadRule(from: decoder)
        softenedTo = try decoder.container(keyedBy: CodingKeys.self)
            .decodeIfPresent(SpreadRule.self, forKey: .softenedTo)
    }

    package func encode(to encoder: any Encoder) throws {
        try rule.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(softenedTo, forKey: .softenedTo)
    }
}
