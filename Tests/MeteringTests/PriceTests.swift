import CapacityModel
import Metering
import Testing

@Suite("Prices")
struct PriceTests {
    static let book = PriceBook(
        currency: "CNY",
        rates: [
            .south: .init(vcpu: 110_000, gib: 33_000, diskGiB: 440, mbps: 10_000, gpu: 6_500_000),
            .north: .init(vcpu: 100_000, gib: 30_000, diskGiB: 400, mbps: 9_000, gpu: 6_000_000),
        ]
    )

    @Test("an instance's hour is the sum over its resources, rounded half up once")
    func hour() {
        func hour(_ unit: Resources) -> Int64? { Self.book.instanceHourMicro(unit, in: .south) }
        #expect(hour(Resources(vcpuMilli: 1_000, memoryMiB: 2_048)) == 176_000)
        #expect(hour(Resources(vcpuMilli: 50, memoryMiB: 16)) == 6_016, "5500 + 515.625")
        #expect(
            hour(Resources(vcpuMilli: 0, memoryMiB: 0, gpuModel: "G2", gpuShareMilli: 500)) == 3_250_000,
            "half of a GPU")
        #expect(hour(Resources(vcpuMilli: 0, memoryMiB: 0, gpuModel: "G2", gpuShareMilli: 1)) == 6_500)
        #expect(
            hour(Resources(vcpuMilli: 0, memoryMiB: 0, diskGiB: 10, bandwidthMbps: 2, gpuModel: "G2", gpuCount: 1))
                == 6_524_400)
        #expect(Self.book.instanceHourMicro(Resources(vcpuMilli: 1, memoryMiB: 1), in: .east) == nil)
    }

    @Test("a line's amount is seconds times rate over 3600, rounded half up, however large")
    func amounts() {
        func amount(_ seconds: Int64, _ rate: Int64) -> Int64 {
            PriceLine(area: .south, count: 1, instanceSeconds: seconds, instanceHourMicro: rate).amountMicro
        }
        #expect(amount(3_600, 176_000) == 176_000)
        #expect(amount(1, 1_799) == 0)
        #expect(amount(1, 1_800) == 1)
        #expect(amount(1_000_000 * 34_560_000, 1_000_000) == 9_600_000_000_000_000, "beyond 64 bits in between")
    }

    @Test("an order's price has a line per area in a fixed order, and their sum")
    func price() throws {
        let unit = Resources(vcpuMilli: 1_000, memoryMiB: 2_048)
        let price = try #require(Self.book.price(unit, counts: [.south: 3, .north: 2], for: .seconds(7_200)))
        #expect(price.lines.map(\.area) == [.north, .south])
        #expect(price.lines.map(\.instanceSeconds) == [14_400, 21_600])
        #expect(price.amountMicro == 2 * 2 * 160_000 + 3 * 2 * 176_000)
        #expect(Self.book.price(unit, counts: [.east: 1], for: .seconds(1)) == nil, "a missing rate is not a gift")
    }
}
