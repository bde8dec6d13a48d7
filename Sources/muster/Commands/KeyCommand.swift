import ArgumentParser
import CapacityAPI

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Makes API keys.",
        subcommands: [KeyCreateCommand.self]
    )
}

struct KeyCreateCommand: AsyncParsableCommand {
    enum Role: String, CaseIterable, ExpressibleByArgument {
        case tenant, `operator`, agent
    }

    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes an API key, shown this once. Needs an operator's key.",
        discussion: """
            A tenant's key orders for that tenant, an operator's key runs the fleet, an agent's key serves sites.

            Example:

              $ muster key create --role tenant --tenant load-test
            """
    )

    @Option(help: "Who the key is for.") var role: Role
    @Option(help: "The tenant's name; a new name makes a new tenant.") var tenant: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func validate() throws {
        guard (role == .tenant) == (tenant != nil) else {
            throw ValidationError("--tenant goes with --role tenant, and only with it")
        }
    }

    func run() async throws {
        var fields: [String: JSONValue] = ["role": .string(role.rawValue)]
        fields["tenant"] = tenant.map(JSONValue.string)
        let body = try JSONText.bytes(JSONValue.object(fields))
        try await service.with { service in
            let call = Service.Call(
                method: "POST",
                path: "/v1/keys",
                headers: [("Content-Type", "application/json")],
                body: body,
                isRepeatable: false
            )
            let answer = try await service.send(call)
            try output.show(answer.body) {
                let created = try answer.decoded(as: KeyCreated.self)
                Output.error.write("A key with role \(created.role). It is shown this once; only its hash is stored.\n")
                return created.key + "\n"
            }
        }
    }
}
