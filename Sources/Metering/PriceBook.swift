package import CapacityModel

/// Micro-units of one currency an hour for one unit of each resource, by area.
package struct PriceBook: Hashable, Sendable {
    package struct Rates: Hashable, Sendable {
        package var vcpu: Int64
        package var gib: Int64
        package var diskGiB: Int64
        package var mbps: Int64
        package var gpu: Int64

        package init(vcpu: Int64, gib: Int64, diskGiB: Int64, mbps: Int64, gpu: Int64) {
            self.vcpu = vcpu
            self.gib = gib
            self.diskGiB = diskGiB
            self.mbps = mbps
            self.gpu = gpu
        }
    }

    package var currency: String
    package var rates: [Area: Rates]

    package init(currency: String, rates: [Area: Rates]) {
        self.currency = currency
        self.rates = rates
    }

    /// What one instance costs an hour in `area`, rounded half up to a whole micro-unit; `nil` where the book has no rates.
    ///
    /// Fixed when an order is made and stored with it, so that quote and bill multiply by the same whole number.
    package func instanceHourMicro(_ unit: Resources, in area: Area) -> Int64? {
        guard let rates = rates[area] else { return nil }
        // In 1/128000 of a micro-unit, the least common multiple of 1/1000 vCPU or GPU and 1/1024 GiB.
        let fine =
            (unit.vcpuMilli * rates.vcpu + unit.gpuShareMilli * rates.gpu) * 128 + unit.memoryMiB * rates.gib * 125
            + (unit.diskGiB * rates.diskGiB + unit.bandwidthMbps * rates.mbps + unit.gpuCount * rates.gpu) * 128_000
        return (fine + 64_000) / 128_000
    }

    /// The price of `counts` instances of `unit` by area for `duration`.
    ///
    /// Areas come in the order of ``Area``; one without rates is an error of the book, said by `nil`.
    package func price(_ unit: Resources, counts: [Area: Int], for duration: Duration) -> Price? {
        var lines: [PriceLine] = []
        for area in Area.allCases {
            guard let count = counts[area], count > 0 else { continue }
            guard let rate = instanceHourMicro(unit, in: area) else { return nil }
            lines.append(
                PriceLine(
                    area: area,
                    count: count,
                    instanceSeconds: Int64(count) * duration.wholeSeconds,
                    instanceHourMicro: rate
                )
            )
        }
        return Price(currency: currency, lines: lines)
    }
}
