import CapacityModel
import CapacityStore
import Metering
import Postgres

extension PriceBook {
    /// The price book in force.
    static func current(in store: Store) async throws(StoreError) -> PriceBook {
        let rows = try await store.rates()
        guard let currency = rows.first?.currency else { throw .missingRates }
        let rates = rows.map { row in
            (
                row.area,
                Rates(
                    vcpu: row.vcpuHourMicro, gib: row.gibHourMicro, diskGiB: row.diskGiBHourMicro,
                    mbps: row.mbpsHourMicro, gpu: row.gpuHourMicro
                )
            )
        }
        return PriceBook(currency: currency, rates: Dictionary(uniqueKeysWithValues: rates))
    }
}

extension StoreError {
    /// An operator must mend the price book: an area has sites, but no rates.
    static let missingRates = StoreError.broken(
        PostgresError(kind: .other, message: "the price book in force lacks the rates of an area that has sites")
    )
}
