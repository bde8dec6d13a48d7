import CapacityModel

/// How much each site of an order is against its customer's preference: the weighted sum of its price and its distance,
/// each in thousandths of the way from the best site with room to the worst.
///
/// Whole numbers throughout, so that the order of the sites is the same on every machine.
struct SiteScores {
    /// Beside `Inventory.sites`; 0 for sites without room. Less is better.
    let scores: [Int]

    init(_ preference: SitePreference, for supply: Supply, on inventory: Inventory) {
        let parts = preference.preference.parts
        let candidates = inventory.sites.indices.filter { supply.sites[$0] > 0 }
        let prices = candidates.map { site in
            inventory.sites[site].area.flatMap { preference.hourMicro[$0] }.map(Int.init)
        }
        let distances = candidates.map { site in
            preference.preference.nearProvince.flatMap {
                Province.distanceKm(from: $0, to: inventory.sites[site].province)
            }
        }
        var scores = [Int](repeating: 0, count: inventory.sites.count)
        for (values, weight) in [(prices, parts.price), (distances, parts.latency)] where weight > 0 {
            for (site, value) in zip(candidates, Self.perMille(values)) { scores[site] += weight * value }
        }
        self.scores = scores
    }

    /// Each value's way from the least to the most; one that is not known is the most.
    private static func perMille(_ values: [Int?]) -> [Int] {
        let known = values.compactMap(\.self)
        guard let least = known.min(), let most = known.max(), least < most else { return values.map { _ in 0 } }
        return values.map { ($0.map { $0 - least } ?? (most - least)) * 1_000 / (most - least) }
    }
}

extension Preference {
    /// How many of `count` one site may get before others have had a part: all, where nothing is said of spread.
    func portion(of count: Int) -> Int { max(1, count * (1_000 - parts.spread) / 1_000) }
}
