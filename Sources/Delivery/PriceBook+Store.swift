import CapacityModel
import CapacityStore
import Metering
import Postgres

extension PriceBook {
    /// The price book in force.
    static func current(in store: Store) async throws(StoreError) -> PriceBook {
        guard let book = PriceBook(try await store.rates()) else { throw .missingRates }
        return book
    }

    /// The price book with these lines; `nil` where there are none.
    init?(_ rows: [BookedRate]) {
        guard let currency = rows.first?.currency else { return nil }
        let rates = rows.map { row in
            (
                row.area,
                Rates(
                    vcpu: row.vcpuHourMicro, gib: row.gibHourMicro, diskGiB: row.diskGiBHourMicro,
                    mbps: row.mbpsHourMicro, gpu: row.gpuHourMicro
                )
            )
        }
        self.init(currency: currency, rates: Dictionary(uniqueKeysWithValues: rates))
    }
}

extension SitePreference {
    /// What the customer of a hold of such instances prefers. A hold costs nothing, so a preference of price is for what they will.
    init(_ prefer: Preference, forHoldOf unit: Resources, at book: PriceBook) {
        let prices = Area.allCases.compactMap { area in book.instanceHourMicro(unit, in: area).map { (area, $0) } }
        self.init(prefer, hourMicro: Dictionary(uniqueKeysWithValues: prices))
    }
}

extension StoreError {
    /// An operator must mend the price book: an area has sites, but no rates.
    static let missingRates = StoreError.broken(
        PostgresError(kind: .other, message: "the price book in force lacks the rates of an area that has sites")
    )
}
