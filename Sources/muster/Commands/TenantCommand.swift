import ArgumentParser
import CapacityAPI

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant",
        abstract: "Lists tenants and says of which class they are. Needs an operator's key.",
        subcommands: [TenantListCommand.self, TenantSetCommand.self],
        defaultSubcommand: TenantListCommand.self
    )
}

struct TenantListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists tenants by name.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let tenants = try await service.list("/v1/tenants", of: TenantView.self)
            output.show(tenants.json) { Self.text(tenants.items) }
        }
    }

    static func text(_ tenants: [TenantView]) -> String {
        var table = Table([.text("tenant"), .text("class"), .text("since")])
        for tenant in tenants { table.add(tenant.name, tenant.class, tenant.createdAt.toTheSecond) }
        return table.text
    }
}

struct TenantSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Puts a tenant into a class, for which 'muster headroom' may protect capacity.",
        discussion: """
            What it has reserved stays where it is and counts for its new class. Example:

              $ muster tenant set load-test --class platinum
            """
    )

    @Argument(help: "The tenant's name.") var tenant: String
    @Option(name: .customLong("class"), help: "The class; 'standard' is everybody's at first.") var tenantClass: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let body = try JSONText.bytes(JSONValue.object(["class": .string(tenantClass)]))
        try await service.with { service in
            let call = Service.Call(
                method: "PATCH", path: "/v1/tenants/\(Service.escaped(tenant))",
                headers: [(name: "Content-Type", value: "application/json")], body: body)
            let answer = try await service.send(call)
            try output.show(answer.body) { TenantListCommand.text([try answer.decoded(as: TenantView.self)]) }
        }
    }
}
