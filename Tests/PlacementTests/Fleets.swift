import CapacityModel
import FoundationEssentials
import Placement

extension Inventory {
    /// An empty fleet as a file describes it, with ids in the file's order.
    init(_ file: FleetFile, reservations: [InventoryReservation] = []) {
        let sites = file.sites.enumerated().map { index, site in
            Site(
                id: SiteID(rawValue: Int64(index + 1)),
                name: site.name,
                province: site.province,
                city: site.city,
                carrier: site.carrier,
                origin: site.origin,
                capabilities: site.capabilities
            )
        }
        let ids = Dictionary(uniqueKeysWithValues: sites.map { ($0.name, $0.id) })
        let hosts = file.hosts.enumerated().compactMap { index, host in
            ids[host.site].map {
                Host(id: HostID(rawValue: Int64(index + 1)), site: $0, name: host.name, allocatable: host.allocatable)
            }
        }
        self.init(version: 1, sites: sites, hosts: hosts, reservations: reservations)
    }

    static func synthetic(_ synthesis: FleetSynthesis) -> Inventory { Inventory(synthesis.fleet()) }
}

/// A file beside the tests.
func testFile(_ path: String) -> String {
    let here = #filePath.split(separator: "/").dropLast(2)
    return "/" + here.joined(separator: "/") + "/" + path
}

func readTestFile(_ path: String) throws -> String {
    try String(contentsOfFile: testFile(path), encoding: .utf8)
}
