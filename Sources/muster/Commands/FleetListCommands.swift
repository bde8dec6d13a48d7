import ArgumentParser
import CapacityAPI
import CapacityModel

struct SitesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sites",
        abstract: "Lists the machine rooms and the agents that serve them. Needs an operator's key."
    )

    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let sites = try await service.list("/v1/sites", of: SiteView.self)
            output.show(sites.json) { Self.text(sites.items) }
        }
    }

    static func text(_ sites: [SiteView]) -> String {
        var table = Table([
            .text("site"), .text("province"), .text("city"), .text("carrier"), .text("origin"), .number("hosts"),
            .number("oversell"),
            .text("agent"), .text("heard of"), .text("state"), .text("capabilities"),
        ])
        for site in sites {
            table.add(
                site.name, provinceName(site.province), site.city, site.carrier.rawValue, site.origin, "\(site.hosts)",
                plain(site.vcpuOversell),
                site.agent ?? "-", site.agentSeenAt?.toTheSecond ?? "never",
                site.state.rawValue,
                site.capabilities.sorted().joined(separator: " ")
            )
        }
        return table.text
    }
}

struct HostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts",
        abstract: "Lists servers with what is reserved now of what they have. Needs an operator's key."
    )

    @Option(help: "Only the hosts of this site.") var site: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let query = site.map { [(name: "site", value: $0)] } ?? []
            let hosts = try await service.list("/v1/hosts", query: query, of: HostView.self)
            output.show(hosts.json) { Self.text(hosts.items) }
        }
    }

    static func text(_ hosts: [HostView]) -> String {
        var table = Table([
            .text("host"), .text("site"), .number("vCPU"), .number("memory MiB"), .number("disk GiB"), .number("Mbps"),
            .number("GPU"), .text(""), .text("state"),
        ])
        for host in hosts {
            let (has, taken) = (host.allocatable, host.reserved)
            table.add(
                host.name, host.site, "\(plain(taken.vcpu)) of \(plain(has.vcpu))",
                "\(taken.memoryMiB) of \(has.memoryMiB)", "\(taken.diskGiB) of \(has.diskGiB)",
                "\(taken.bandwidthMbps) of \(has.bandwidthMbps)", "\(plain(taken.gpuCount)) of \(plain(has.gpuCount))",
                host.gpuModel ?? "", host.state.rawValue
            )
        }
        return table.text
    }
}
