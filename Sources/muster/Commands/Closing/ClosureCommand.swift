import ArgumentParser
import CapacityAPI

struct ClosureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "closure",
        abstract: "Shows what is closed or will be, and what is still there. Needs an operator's key.",
        subcommands: [ClosureListCommand.self, ClosureGetCommand.self, ClosureLiftCommand.self],
        defaultSubcommand: ClosureListCommand.self
    )
}

struct ClosureListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists cordons, maintenances, retirements and losses that stand or are to come."
    )

    @Option(help: "Only those of this site and of its hosts.") var site: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let query = site.map { [(name: "site", value: $0)] } ?? []
            let closures = try await service.list("/v1/closures", query: query, of: ClosureView.self)
            output.show(closures.json) { ClosureDescription.text(closures.items) }
        }
    }
}

struct ClosureGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Shows one closure and what is still there while it stands."
    )

    @Argument(help: "The closure, like cls-1.") var id: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let answer = try await service.send(Service.Call(path: "/v1/closures/\(Service.escaped(id))"))
            try output.show(answer.body) { ClosureDescription.text(try answer.decoded(as: ClosureView.self)) }
        }
    }
}

struct ClosureLiftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lift",
        abstract: "Ends a cordon or a loss, or cancels a maintenance or a retirement."
    )

    @Argument(help: "The closure, like cls-1.") var id: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let call = Service.Call(method: "POST", path: "/v1/closures/\(Service.escaped(id)):lift")
            let answer = try await service.send(call)
            try output.show(answer.body) { ClosureDescription.text(try answer.decoded(as: ClosureView.self)) }
        }
    }
}
