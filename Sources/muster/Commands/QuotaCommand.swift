import ArgumentParser
import CapacityAPI

struct QuotaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "Sets what a tenant may have at most, shows it with what is in use, and takes it away.",
        discussion: """
            An order, a change of one or a reservation that would exceed a quota at any instant is refused, and the refusal \
            names the quota.

              $ muster quota set load-test guangdong --province 44 \\
                  --limit vcpu=500 --limit gpu:G2=8
              $ muster quota list load-test
            """,
        subcommands: [QuotaSetCommand.self, QuotaListCommand.self, QuotaDeleteCommand.self]
    )
}

/// Which quota a command is about, and in which state.
struct QuotaOptions: ParsableArguments {
    @Argument(help: "The tenant's name.") var tenant: String
    @Argument(help: "The quota's name.") var quota: String

    @Option(help: "Only if this is still its revision (see 'quota list -o json').")
    var revision: Int64?

    /// A call about the quota.
    func call(_ method: String, body: [UInt8]? = nil) -> Service.Call {
        var headers: [(name: String, value: String)] = []
        if body != nil { headers.append((name: "Content-Type", value: "application/json")) }
        if let revision { headers.append((name: "If-Match", value: "\"\(revision)\"")) }
        return Service.Call(
            method: method,
            path: "/v1/tenants/\(Service.escaped(tenant))/quotas/\(Service.escaped(quota))",
            headers: headers,
            body: body,
            // What was done needs no second doing, but with a revision that would be refused, and a deletion not found.
            isRepeatable: revision == nil && method == "PUT"
        )
    }
}

struct QuotaListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists a tenant's quotas, what is in use now and the peak ahead. A tenant's key sees its own."
    )

    @Argument(help: "The tenant's name, with an operator's key.") var tenant: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let path = tenant.map { "/v1/tenants/\(Service.escaped($0))/quotas" } ?? "/v1/quotas"
        try await service.with { service in
            let answer = try await service.send(Service.Call(path: path))
            try output.show(answer.body) { QuotaDescription.text(try answer.decoded(as: QuotaList.self).items) }
        }
    }
}

struct QuotaDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Takes a quota away.")

    @OptionGroup var options: QuotaOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        _ = try await service.with { service in try await service.send(options.call("DELETE")) }
    }
}
