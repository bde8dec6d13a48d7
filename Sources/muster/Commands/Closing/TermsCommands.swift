import ArgumentParser
import CapacityAPI

/// What of a host is kept for its system.
struct SystemShareOptions: ParsableArguments {
    @Option(help: "Cores kept for the system of each host.") var systemVcpu: Double?
    @Option(help: "Memory kept for the system of each host, in MiB.") var systemMemory: Int64?
    @Option(help: "Disk kept for the system of each host, in GiB.") var systemDisk: Int64?
    @Option(help: "Bandwidth kept for the system of each host, in Mbps.") var systemBandwidth: Int64?

    /// The share, empty where no option was given.
    var fields: [String: JSONValue] {
        [
            "vcpu": systemVcpu.map(JSONValue.number), "memoryMiB": systemMemory.map(JSONValue.integer),
            "diskGiB": systemDisk.map(JSONValue.integer), "bandwidthMbps": systemBandwidth.map(JSONValue.integer),
        ].compactMapValues { $0 }
    }
}

struct SiteSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract:
            "Says how often a site sells its vCPU and what its hosts keep for their system. Needs an operator's key.",
        discussion: """
            allocatable = (capacity - system share) x oversell ratio, of vCPU alone. Of the system share, what is left out \
            is nothing; without any of it the share stays. Example:

              $ muster site set 1101-telecom-1 --vcpu-oversell 1.5 \\
                  --system-vcpu 2 --system-memory 4096
            """
    )

    @Option(help: "How often vCPU is sold, from 0.1 to 16; 1 is once.") var vcpuOversell: Double?
    @OptionGroup var system: SystemShareOptions
    @OptionGroup var place: PlaceOptions

    func validate() throws {
        guard vcpuOversell != nil || !system.fields.isEmpty else {
            throw ValidationError("give --vcpu-oversell or some of the system share")
        }
    }

    func run() async throws {
        var fields = ["vcpuOversell": vcpuOversell.map(JSONValue.number)].compactMapValues { $0 }
        if !system.fields.isEmpty { fields["systemShare"] = .object(system.fields) }
        try await place.set(SiteNoun.self, fields) { answer in
            SitesCommand.text([try answer.decoded(as: SiteView.self)])
        }
    }
}

struct HostSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Says what a host keeps for its system. Needs an operator's key.",
        discussion: "What is left out is as at its site; without any option all of it is."
    )

    @OptionGroup var system: SystemShareOptions
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try await place.set(HostNoun.self, ["systemShare": .object(system.fields)]) { answer in
            HostsCommand.text([try answer.decoded(as: HostView.self)])
        }
    }
}
