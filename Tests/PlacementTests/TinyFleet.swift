import CapacityModel
import Placement

/// The inputs of an inventory, kept apart so that a test can shuffle them, add to them and check against them.
struct TinyFleet {
    var sites: [Site] = []
    var hosts: [Host] = []
    var reservations: [InventoryReservation] = []

    var inventory: Inventory {
        Inventory(version: 1, sites: sites, hosts: hosts, reservations: reservations)
    }

    func site(of host: HostID) -> Site? {
        hosts.first { $0.id == host }.flatMap { host in sites.first { $0.id == host.site } }
    }

    /// Adds a site with one host of each of these numbers of cores, each core with 4 GiB.
    mutating func add(
        _ name: String,
        city: String = "1101",
        carrier: Carrier = .telecom,
        capabilities: Set<String> = [],
        cores: [Int]
    ) {
        let id = SiteID(rawValue: Int64(sites.count + 1))
        let province = String(city.prefix(2))
        sites.append(
            Site(id: id, name: name, province: province, city: city, carrier: carrier, capabilities: capabilities)
        )
        for (index, cores) in cores.enumerated() {
            let allocatable = Resources(vcpuMilli: Int64(cores) * 1_000, memoryMiB: Int64(cores) * 4_096)
            addHost("\(name)-h\(index + 1)", at: id, allocatable)
        }
    }

    mutating func addHost(_ name: String, at site: SiteID, _ allocatable: Resources) {
        let id = HostID(rawValue: Int64(hosts.count + 1))
        hosts.append(Host(id: id, site: site, name: name, allocatable: allocatable))
    }

    /// Takes `cores` out of a host, by its name, for these hours.
    mutating func reserve(_ name: String, hours: Range<Int>, cores: Int) {
        for host in hosts where host.name == name {
            reservations.append(
                InventoryReservation(
                    id: Int64(reservations.count + 1),
                    host: host.id,
                    held: .hours(hours),
                    amounts: .oneCore * cores
                )
            )
        }
    }
}

extension Window {
    /// Hours of a day long ago.
    static func hours(_ hours: Range<Int>) -> Window {
        Window(start: .hour(hours.lowerBound), end: .hour(hours.upperBound))
    }
}

extension Instant {
    static func hour(_ hour: Int) -> Instant { Instant(secondsSinceEpoch: Int64(hour) * 3_600) }
}

extension Resources {
    static let oneCore = Resources(vcpuMilli: 1_000, memoryMiB: 2_048)
}

extension Demand {
    /// One-core instances from ten to twelve.
    static func cores(
        _ count: Int,
        least: Int? = nil,
        scope: Scope = .nationwide,
        hours: Range<Int> = 10..<12,
        spread: [SpreadRule] = []
    ) -> Demand {
        Demand(count: count, leastAcceptable: least, unit: .oneCore, scope: scope, held: .hours(hours), spread: spread)
    }
}

extension Verdict {
    var plan: Plan? {
        if case .placed(let plan, _) = self { plan } else { nil }
    }

    var shortage: Shortage? {
        if case .short(let shortage) = self { shortage } else { nil }
    }
}

extension Plan {
    /// How many in each group of `level`, by name.
    func counts(in fleet: TinyFleet, by level: SpreadRule.Level = .site) -> [String: Int] {
        var counts: [String: Int] = [:]
        for group in groups {
            guard let host = fleet.hosts.first(where: { $0.id == group.host }), let site = fleet.site(of: host.id)
            else { continue }
            counts[level.group(of: site, host: host), default: 0] += group.count
        }
        return counts
    }

    /// How many on each host, by name.
    func hosts(in fleet: TinyFleet) -> [String: Int] {
        var counts: [String: Int] = [:]
        for group in groups {
            for host in fleet.hosts where host.id == group.host { counts[host.name, default: 0] += group.count }
        }
        return counts
    }
}
