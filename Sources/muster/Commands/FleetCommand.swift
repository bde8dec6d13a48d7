import ArgumentParser
import CapacityAPI
import Glibc
import Placement

struct FleetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Brings sites and hosts in, makes up a fleet, packs a mix of pods, or brings free room together.",
        subcommands: [
            FleetImportCommand.self, FleetSynthCommand.self, FleetPackCommand.self, FleetRepackCommand.self,
        ]
    )
}

struct FleetImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Brings a fleet file in: new sites and hosts are added, known ones updated. Needs an operator's key.",
        discussion: """
            One line a host, with the columns \(FleetFile.columns.joined(separator: ", ")). A file with a bad line is \
            refused whole.
            """
    )

    @Argument(help: "The fleet as CSV; '-' reads standard input.") var file: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    /// A million hosts.
    private static let byteLimit = 256 << 20

    func run() async throws {
        let bytes = try FileBytes.read(file, atMost: Self.byteLimit)
        try await service.with { service in
            let call = Service.Call(
                method: "POST", path: "/v1/sites", headers: [("Content-Type", "text/csv")], body: bytes
            )
            let answer = try await service.send(call)
            try output.show(answer.body) {
                let imported = try answer.decoded(as: FleetImported.self)
                return "\(imported.sites) sites with \(imported.hosts) hosts brought in; "
                    + "inventory version \(imported.inventoryVersion)\n"
            }
        }
    }
}

struct FleetSynthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synth",
        abstract: "Makes up a fleet like a real one. One seed makes one fleet everywhere.",
        discussion: "Example:\n\n  $ muster fleet synth --sites 100 --hosts 2000 -o fleet.csv"
    )

    @Option(help: "What the fleet is made from.") var seed: UInt64 = 1
    @Option(help: "How many sites.") var sites = 1_026
    @Option(help: "How many hosts.") var hosts = 20_000
    @Option(name: .shortAndLong, help: "The file to write; '-' is standard output.") var output: String

    func validate() throws {
        guard sites > 0 else { throw ValidationError("--sites is at least 1") }
        guard hosts >= sites else {
            throw ValidationError("every site has a host: --hosts is at least --sites")
        }
        guard sites <= 100_000, hosts <= 1_000_000 else {
            throw ValidationError("at most 100000 sites and 1000000 hosts")
        }
    }

    func run() throws {
        let text = FleetSynthesis(seed: seed, siteCount: sites, hostCount: hosts).fleet().text
        guard output != "-" else { return Output.standard.write(text) }
        guard let file = fopen(output, "w") else { throw failure("opened") }
        let written = text.utf8.withContiguousStorageIfAvailable { fwrite($0.baseAddress, 1, $0.count, file) } ?? 0
        guard fclose(file) == 0, written == text.utf8.count else { throw failure("written") }
        Output.error.write("\(sites) sites with \(hosts) hosts in \(output)\n")
    }

    private func failure(_ verb: String) -> Failure {
        Failure(.invalid, "\(output) cannot be \(verb): \(String(cString: strerror(errno)))")
    }
}
