import CapacityModel
import Placement
import Testing

@Suite("A synthetic fleet")
struct FleetSynthesisTests {
    @Test("has the sites, hosts and sizes of a national one")
    func national() {
        let file = FleetSynthesis().fleet()
        #expect(file.sites.count == 1_026)
        #expect(file.hosts.count == 20_000)
        #expect(Set(file.sites.map(\.city)).count == 342)
        #expect(Set(file.sites.map(\.province)).count == 31)
        #expect(file.sites.allSatisfy { Province.named($0.province) != nil })
        let sizes = Dictionary(grouping: file.hosts, by: \.site).values.map(\.count).sorted()
        #expect((8...10).contains(sizes[513]))
        #expect((36...45).contains(sizes[923]))
        #expect((380...420).contains(sizes[1_025]))
        let devices = file.hosts.reduce(0) { $0 + $1.allocatable.gpuCount }
        #expect((7_500...9_500).contains(devices))
    }

    @Test("is the same for one seed, another for another, and reads back from its text")
    func seeds() throws {
        let file = FleetSynthesis(seed: 7, siteCount: 90, hostCount: 400).fleet()
        #expect(file == FleetSynthesis(seed: 7, siteCount: 90, hostCount: 400).fleet())
        #expect(file != FleetSynthesis(seed: 8, siteCount: 90, hostCount: 400).fleet())
        #expect(try FleetFile(reading: file.text) == file)
    }

    @Test("has any size", arguments: [(1, 1), (2, 50), (93, 400), (1_027, 1_100), (2_100, 60_000)])
    func sizes(sites: Int, hosts: Int) {
        let file = FleetSynthesis(siteCount: sites, hostCount: hosts).fleet()
        #expect(file.sites.count == sites)
        #expect(file.hosts.count == hosts)
        #expect(Set(file.sites.map(\.name)).count == sites)
        #expect(Set(file.hosts.map(\.name)).count == hosts)
    }
}
