import CapacityModel
import Testing

@Suite("Resources")
struct ResourcesTests {
    private let host = Resources(
        vcpuMilli: 8_000,
        memoryMiB: 16_384,
        diskGiB: 100,
        bandwidthMbps: 1_000,
        gpuModel: "T4",
        gpuCount: 2
    )

    @Test("a unit fits as often as its scarcest resource allows")
    func fits() {
        let cases: [(Resources, Int)] = [
            (Resources(vcpuMilli: 1_000, memoryMiB: 1), 8), (Resources(vcpuMilli: 1, memoryMiB: 4_096), 4),
            (Resources(vcpuMilli: 3_000, memoryMiB: 1), 2), (Resources(vcpuMilli: 1, memoryMiB: 1, diskGiB: 60), 1),
            (Resources(vcpuMilli: 1, memoryMiB: 1, bandwidthMbps: 1_001), 0), (host, 1), (.zero, 0),
        ]
        for (unit, count) in cases { #expect(host.fits(unit) == count, "\(unit)") }
    }

    @Test("a GPU of another model does not fit, one of any model does")
    func gpus() {
        func unit(_ model: String?, _ count: Int64) -> Resources {
            Resources(vcpuMilli: 1_000, memoryMiB: 1_024, gpuModel: model, gpuCount: count)
        }
        #expect(host.fits(unit("T4", 1)) == 2)
        #expect(host.fits(unit("G2", 1)) == 0)
        #expect(host.fits(unit(nil, 2)) == 1)
        #expect(host.fits(unit("T4", 3)) == 0)
        #expect(host.fits(unit("G2", 0)) == 8)
    }

    @Test("what is overdrawn fits nothing, rather than less than nothing")
    func overdrawn() {
        var free = host
        free -= host * 2
        #expect(free.fits(Resources(vcpuMilli: 1, memoryMiB: 1)) == 0)
        free += host * 2
        #expect(free == host)
    }
}
