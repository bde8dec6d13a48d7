import CapacityModel
import Placement

extension Instant {
    /// 2026-06-15T00:00:00+08:00, a Monday: the week of the benches begins.
    static let benchMonday = Instant(secondsSinceEpoch: 1_781_452_800)
}

extension FleetFile {
    /// The fleet as a store hands it to a planner, with ids in the file's order.
    func stored() -> (sites: [CapacityModel.Site], hosts: [CapacityModel.Host]) {
        let rows = sites.enumerated().map { index, site in
            CapacityModel.Site(
                id: SiteID(rawValue: Int64(index + 1)),
                name: site.name,
                province: site.province,
                city: site.city,
                carrier: site.carrier,
                origin: site.origin,
                capabilities: site.capabilities
            )
        }
        let ids = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0.id) })
        let hosts = hosts.enumerated().compactMap { index, host in
            ids[host.site].map {
                CapacityModel.Host(
                    id: HostID(rawValue: Int64(index + 1)), site: $0, name: host.name, allocatable: host.allocatable)
            }
        }
        return (rows, hosts)
    }
}
