package import CapacityModel

/// One entry of `affinity` or `antiAffinity`, as it was sent.
package struct AffinityView: Codable, Sendable, Hashable {
    package var order: String
    package var level: SpreadRule.Level
    package var whenUnsatisfiable: SpreadRule.WhenUnsatisfiable

    package init(_ affinity: OrderAffinity) {
        order = affinity.order.text
        level = affinity.level
        whenUnsatisfiable = affinity.whenUnsatisfiable
    }

    /// Those of one kind; `nil` where there are none.
    package static func list(_ affinities: [OrderAffinity]?, _ kind: OrderAffinity.Kind) -> [AffinityView]? {
        let views = (affinities ?? []).filter { $0.kind == kind }.map { AffinityView($0) }
        return views.isEmpty ? nil : views
    }
}
