package import CapacityModel

/// A fleet as a CSV file holds it: sites and hosts by name, before a database has numbered them.
///
/// The format is one line a host under a fixed header; a site is what its lines say together. It is read whole or
/// refused whole, so a typing error in line 9,000 leaves no half-imported fleet.
package struct FleetFile: Hashable, Sendable {
    package struct Site: Hashable, Sendable {
        package var name: String
        package var province: String
        package var city: String
        package var carrier: Carrier
        package var origin: String
        package var capabilities: Set<String>

        package init(
            name: String,
            province: String,
            city: String,
            carrier: Carrier,
            origin: String,
            capabilities: Set<String>
        ) {
            self.name = name
            self.province = province
            self.city = city
            self.carrier = carrier
            self.origin = origin
            self.capabilities = capabilities
        }
    }

    package struct Host: Hashable, Sendable {
        package var name: String
        /// The site's name.
        package var site: String
        package var allocatable: Resources

        package init(name: String, site: String, allocatable: Resources) {
            self.name = name
            self.site = site
            self.allocatable = allocatable
        }
    }

    /// In the order in which the file names them first.
    package var sites: [Site]
    /// In the order of the file.
    package var hosts: [Host]

    package init(sites: [Site], hosts: [Host]) {
        self.sites = sites
        self.hosts = hosts
    }

    /// The columns, in their order.
    package static let columns = [
        "site", "host", "province", "city", "carrier", "origin", "vcpu_milli", "memory_mib", "disk_gib",
        "bandwidth_mbps", "gpu_model", "gpu_count", "capabilities",
    ]

    /// Own room, room of a CDN, machines of another cloud, third party.
    package static let origins = ["self", "cdn", "cloud", "third"]

    /// The file that reads back as this value, sites in their order, each site's hosts together.
    package var text: String {
        let hostsBySite = Dictionary(grouping: hosts, by: \.site)
        var text = Self.columns.joined(separator: ",") + "\n"
        for site in sites {
            let place = "\(site.province),\(site.city),\(site.carrier.rawValue),\(site.origin)"
            let capabilities = site.capabilities.sorted().joined(separator: ";")
            for host in hostsBySite[site.name] ?? [] {
                let has = host.allocatable
                text += "\(site.name),\(host.name),\(place),\(has.vcpuMilli),\(has.memoryMiB),\(has.diskGiB),"
                text += "\(has.bandwidthMbps),\(has.gpuModel ?? ""),\(has.gpuCount),\(capabilities)\n"
            }
        }
        return text
    }
}

/// Why a fleet file was refused: what is wrong, where, and how much more there is.
package struct FleetFileError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Flaw: Hashable, Sendable, CustomStringConvertible {
        /// From 1, the header's.
        package var line: Int
        /// The column's name; `nil` where the line as a whole is wrong.
        package var column: String?
        package var detail: String

        package init(line: Int, column: String? = nil, detail: String) {
            self.line = line
            self.column = column
            self.detail = detail
        }

        package var description: String {
            "line \(line)\(column.map { ", column \($0)" } ?? ""): \(detail)"
        }
    }

    /// The first `limit`, in the order of the file.
    package var flaws: [Flaw]
    /// How many there are in all.
    package var count: Int

    package static let limit = 20

    package init(flaws: [Flaw], count: Int) {
        self.flaws = flaws
        self.count = count
    }

    package var description: String {
        let lines = flaws.map(\.description)
        let more = count > flaws.count ? ["and \(count - flaws.count) more"] : []
        return (lines + more).joined(separator: "\n")
    }
}
