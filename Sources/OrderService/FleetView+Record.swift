import CapacityAPI
import CapacityModel
import CapacityStore
import Placement

extension SiteView {
    init(_ record: SiteRecord) {
        let site = record.site
        self.init(
            name: site.name, province: site.province, city: site.city, carrier: site.carrier, origin: site.origin,
            capabilities: site.capabilities.sorted(), labels: site.labels, hosts: record.hosts, agent: record.agent,
            agentSeenAt: record.agentSeenAt, vcpuOversell: Double(record.terms.vcpuOversellPermille) / 1_000,
            systemShare: HostView.Amounts(record.terms.system), state: record.state,
            closures: record.closures.map { ClosureView($0) }
        )
    }
}

extension HostView {
    init(_ record: HostRecord) {
        self.init(
            name: record.name, site: record.site, gpuModel: record.allocatable.gpuModel,
            capacity: Amounts(record.capacity), systemShare: Amounts(record.system),
            allocatable: Amounts(record.allocatable), reserved: Amounts(record.reserved),
            gpuReserved: record.deviceMilli.isEmpty ? nil : record.deviceMilli.map { Double($0) / 1_000 },
            state: record.state, closures: record.closures.map { ClosureView($0) }
        )
    }
}

extension NewSite {
    init(_ site: FleetFile.Site) {
        self.init(
            name: site.name, province: site.province, city: site.city, carrier: site.carrier, origin: site.origin,
            capabilities: site.capabilities
        )
    }
}

extension NewHost {
    init(_ host: FleetFile.Host) {
        self.init(site: host.site, name: host.name, allocatable: host.allocatable)
    }
}

extension Problem {
    /// A refused fleet file; each error's detail names line and column.
    init(_ failure: FleetFileError) {
        self.init(
            .invalidOrder,
            detail: "nothing was imported: the file has \(failure.count) \(failure.count == 1 ? "flaw" : "flaws")",
            errors: failure.flaws.map { FieldError(pointer: "", code: .badFormat, detail: $0.description) }
        )
    }
}
