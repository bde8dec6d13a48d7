import CapacityAPI
import CapacityModel

/// Quotas in words, for `-o table`: a line for each limit.
enum QuotaDescription {
    static func text(_ quotas: [QuotaView]) -> String {
        var table = Table([
            .text("quota"), .text("resource"), .number("limit"), .number("used now"), .number("peak ahead"),
            .text("peak at"), .text("where"), .text("when"),
        ])
        for quota in quotas {
            for limit in quota.limits {
                table.add(
                    quota.name, limit.resource.rawValue + (limit.gpuModel.map { " \($0)" } ?? ""), plain(limit.limit),
                    plain(limit.usedNow), plain(limit.peakAhead), limit.peakAt?.toTheSecond ?? "", text(quota.scope),
                    text(from: quota.from, until: quota.until)
                )
            }
        }
        return table.text
    }

    private static func text(from: Instant?, until: Instant?) -> String {
        switch (from, until) {
        case (nil, nil): "always"
        case (let from?, nil): "from \(from.toTheSecond)"
        case (nil, let until?): "until \(until.toTheSecond)"
        case (let from?, let until?): "\(from.toTheSecond) to \(until.toTheSecond)"
        }
    }

    private static func text(_ scope: Scope) -> String {
        var parts = [scope.include.isEmpty ? "nationwide" : scope.include.map(text).joined(separator: ", ")]
        if !scope.exclude.isEmpty { parts.append("without " + scope.exclude.map(text).joined(separator: ", ")) }
        if !scope.capabilities.isEmpty { parts.append("with " + scope.capabilities.sorted().joined(separator: ", ")) }
        return parts.joined(separator: " ")
    }

    private static func text(_ selector: Scope.Selector) -> String {
        let labels = selector.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let words = [
            selector.area?.rawValue, selector.province, selector.city, selector.carrier?.rawValue, selector.site,
        ]
        return (words.compactMap { $0 } + labels).joined(separator: " ")
    }
}
