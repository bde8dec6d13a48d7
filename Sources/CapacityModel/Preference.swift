/// What a customer would rather have where hard rules leave a choice: weights of the things he cares for.
///
/// A weight counts by its share of all three. None of them ever costs an instance.
package struct Preference: Hashable, Sendable, Codable {
    /// For sites in areas where an instance costs less.
    package var price: Double?
    /// For sites near `nearProvince`.
    package var latency: Double?
    /// For many sites with a part each: one gets no more than what this leaves of the order while others have room.
    package var spread: Double?
    /// The province of the order's users by its GB/T 2260 code.
    package var nearProvince: String?

    package init(
        price: Double? = nil, latency: Double? = nil, spread: Double? = nil, nearProvince: String? = nil
    ) {
        self.price = price
        self.latency = latency
        self.spread = spread
        self.nearProvince = nearProvince
    }

    /// Each weight's part of all, in thousandths, rounded down.
    package var parts: (price: Int, latency: Int, spread: Int) {
        let weights = [price, latency, spread].map { Int((($0 ?? 0) * 1_000).rounded()) }
        let parts = weights.map { $0 * 1_000 / max(1, weights.reduce(0, +)) }
        return (parts[0], parts[1], parts[2])
    }
}

/// A preference with what instances cost, as placement needs it.
package struct SitePreference: Hashable, Sendable {
    package var preference: Preference
    /// What one instance costs an hour, in micro-units; an area without a price counts as the dearest.
    package var hourMicro: [Area: Int64]

    package init(_ preference: Preference, hourMicro: [Area: Int64] = [:]) {
        self.preference = preference
        self.hourMicro = hourMicro
    }
}
