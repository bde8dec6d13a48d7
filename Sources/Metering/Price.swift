package import CapacityModel

/// What an order costs: a line per area, in whole micro-units of the currency.
package struct Price: Hashable, Sendable {
    package var currency: String
    package var lines: [PriceLine]

    package init(currency: String, lines: [PriceLine]) {
        self.currency = currency
        self.lines = lines
    }

    package var amountMicro: Int64 { lines.reduce(0) { $0 + $1.amountMicro } }
}

/// The instances of one area at that area's rate.
package struct PriceLine: Hashable, Sendable {
    package var area: Area
    package var count: Int
    package var instanceSeconds: Int64
    package var instanceHourMicro: Int64

    package init(area: Area, count: Int, instanceSeconds: Int64, instanceHourMicro: Int64) {
        self.area = area
        self.count = count
        self.instanceSeconds = instanceSeconds
        self.instanceHourMicro = instanceHourMicro
    }

    /// Rounded half up, once; `muster.amount_micro` in SQL is the same formula, which a test holds it to.
    package var amountMicro: Int64 {
        let product = instanceSeconds.multipliedFullWidth(by: instanceHourMicro)
        let (low, carry) = product.low.addingReportingOverflow(1_800)
        return Int64(3_600).dividingFullWidth((product.high + (carry ? 1 : 0), low)).quotient
    }
}
