import ArgumentParser
import CapacityAPI

struct HeadroomCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headroom",
        abstract: "Protects capacity of a site for a class of tenants, or for nobody. Needs an operator's key.",
        discussion: """
            Tenants of other classes never reserve into it, whatever is free. Who uses it already stays, and takes no more. \
            Classes are given with 'muster tenant set'.

              $ muster headroom set 1101-telecom-1 platinum --share 0.2 \\
                  --reason "contract 17"
              $ muster headroom set 1101-telecom-1 nobody --vcpu 32 \\
                  --reason "for what breaks"
              $ muster headroom list
            """,
        subcommands: [
            HeadroomSetCommand.self, HeadroomListCommand.self, HeadroomGetCommand.self, HeadroomDeleteCommand.self,
        ]
    )
}

/// Which headroom a command is about.
struct HeadroomOptions: ParsableArguments {
    @Argument(help: "The site's name.") var site: String
    @Argument(help: "The class of tenants; 'nobody' keeps it for the operator.") var tenantClass: String

    /// A call about the headroom.
    func call(_ method: String, body: [UInt8]? = nil) -> Service.Call {
        Service.Call(
            method: method,
            path: "/v1/sites/\(Service.escaped(site))/headrooms/\(Service.escaped(tenantClass))",
            headers: body == nil ? [] : [(name: "Content-Type", value: "application/json")],
            body: body,
            // A second deletion would not be found.
            isRepeatable: method != "DELETE"
        )
    }
}

struct HeadroomSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Protects some of a site for a class, or changes how much; lists what others use of it still."
    )

    @OptionGroup var options: HeadroomOptions
    @OptionGroup var size: HeadroomSize
    @Option(help: "Why, for other operators.") var reason: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        var fields = size.fields
        fields["reason"] = .string(reason)
        let call = options.call("PUT", body: try JSONText.bytes(JSONValue.object(fields)))
        try await service.with { service in
            let answer = try await service.send(call)
            try output.show(answer.body) { HeadroomDescription.text(try answer.decoded(as: HeadroomView.self)) }
        }
    }
}

/// How much is protected, on the command line.
struct HeadroomSize: ParsableArguments {
    @Option(help: "The share of all that is allocatable at the site, from 0.001 to 1.") var share: Double?
    @Option(help: "Cores, over all hosts of the site.") var vcpu: Double?
    @Option(help: "Memory in MiB.") var memory: Int64?
    @Option(help: "Disk in GiB.") var disk: Int64?
    @Option(help: "Bandwidth in Mbps.") var bandwidth: Int64?
    @Option(help: ArgumentHelp("Whole GPUs of one model, like G2=4.", valueName: "model=count")) var gpu: GPUArgument?

    private var amounts: [String: JSONValue] {
        [
            "vcpu": vcpu.map(JSONValue.number), "memoryMiB": memory.map(JSONValue.integer),
            "diskGiB": disk.map(JSONValue.integer), "bandwidthMbps": bandwidth.map(JSONValue.integer),
            "gpu": gpu?.json,
        ].compactMapValues { $0 }
    }

    func validate() throws {
        guard (share == nil) != amounts.isEmpty else {
            throw ValidationError("give --share, or some of --vcpu, --memory, --disk, --bandwidth and --gpu")
        }
    }

    /// The part of the body that says so.
    var fields: [String: JSONValue] {
        share.map { ["share": .number($0)] } ?? ["amounts": .object(amounts)]
    }
}

/// `G2=4`.
struct GPUArgument: ExpressibleByArgument, Equatable {
    var model: String
    var count: Int64

    init?(argument: String) {
        guard let equals = argument.lastIndex(of: "="), equals > argument.startIndex,
            let count = Int64(argument[argument.index(after: equals)...])
        else { return nil }
        model = String(argument[..<equals])
        self.count = count
    }

    var json: JSONValue { .object(["model": .string(model), "count": .integer(count)]) }
}

struct HeadroomListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists what is protected, and what its class uses of it now.")

    @Option(help: "Only that of this site.") var site: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let query = site.map { [(name: "site", value: $0)] } ?? []
            let headrooms = try await service.list("/v1/headrooms", query: query, of: HeadroomView.self)
            output.show(headrooms.json) { HeadroomDescription.text(headrooms.items) }
        }
    }
}

struct HeadroomGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows one headroom, and what others use of it still.")

    @OptionGroup var options: HeadroomOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let answer = try await service.send(options.call("GET"))
            try output.show(answer.body) { HeadroomDescription.text(try answer.decoded(as: HeadroomView.self)) }
        }
    }
}

struct HeadroomDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Ends the protection.")

    @OptionGroup var options: HeadroomOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        _ = try await service.with { service in try await service.send(options.call("DELETE")) }
    }
}
