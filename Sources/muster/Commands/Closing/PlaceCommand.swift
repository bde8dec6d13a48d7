import ArgumentParser
import CapacityAPI

/// Whether a command is about a site or a host: what is said and asked is the same otherwise.
protocol PlaceNoun: Sendable {
    static var noun: String { get }
}

enum SiteNoun: PlaceNoun {
    static let noun = "site"
}

enum HostNoun: PlaceNoun {
    static let noun = "host"
}

struct SiteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "site",
        abstract: "Closes a machine room to what is new: cordon, drain, maintenance, retirement, loss; sets its terms.",
        subcommands: [
            CordonCommand<SiteNoun>.self, DrainCommand<SiteNoun>.self, UncordonCommand<SiteNoun>.self,
            MaintainCommand<SiteNoun>.self, RetireCommand.self, LostCommand.self, SiteSetCommand.self,
        ]
    )
}

struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host",
        abstract: "Closes one server to what is new: cordon, drain, maintenance; sets its system share.",
        subcommands: [
            CordonCommand<HostNoun>.self, DrainCommand<HostNoun>.self, UncordonCommand<HostNoun>.self,
            MaintainCommand<HostNoun>.self, HostSetCommand.self,
        ]
    )
}

/// What the commands about one place share.
struct PlaceOptions: ParsableArguments {
    @Argument(help: "Its name, as 'muster sites' and 'muster hosts' have it.") var name: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    /// Sends `verb` for the place and returns the answer to `show`.
    func send(
        _ verb: String, _ noun: any PlaceNoun.Type, _ fields: [String: JSONValue], isRepeatable: Bool = true,
        show: @Sendable (Service.Answer) throws -> String
    ) async throws {
        try await send(
            Service.Call(
                method: "POST",
                path: "/v1/\(noun.noun)s/\(Service.escaped(name)):\(verb)",
                body: try JSONText.bytes(JSONValue.object(fields)),
                isRepeatable: isRepeatable
            ),
            show: show
        )
    }

    /// Sends a change of the place itself and returns the answer to `show`.
    func set(
        _ noun: any PlaceNoun.Type, _ fields: [String: JSONValue], show: @Sendable (Service.Answer) throws -> String
    ) async throws {
        try await send(
            Service.Call(
                method: "PATCH",
                path: "/v1/\(noun.noun)s/\(Service.escaped(name))",
                body: try JSONText.bytes(JSONValue.object(fields))
            ),
            show: show
        )
    }

    private func send(_ call: Service.Call, show: @Sendable (Service.Answer) throws -> String) async throws {
        var call = call
        call.headers.append((name: "Content-Type", value: "application/json"))
        let sent = call
        try await service.with { service in
            let answer = try await service.send(sent)
            try output.show(answer.body) { try show(answer) }
        }
    }

    /// Sends a call that closes the place, and shows the closure with what it meets.
    func close(
        _ verb: String, _ noun: any PlaceNoun.Type, _ fields: [String: JSONValue], isRepeatable: Bool = true
    ) async throws {
        try await send(verb, noun, fields, isRepeatable: isRepeatable) { answer in
            ClosureDescription.text(try answer.decoded(as: ClosureView.self))
        }
    }
}
