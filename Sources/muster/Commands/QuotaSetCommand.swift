import ArgumentParser
import CapacityAPI

struct QuotaSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Makes a quota or replaces it. What is in use may exceed it: nothing is taken away, more is refused.",
        discussion: """
            The limits hold over all sites of the scope together, nationwide without one:

              $ muster quota set load-test all --limit vcpu=2000 \\
                  --limit memoryMiB=4194304
              $ muster quota set load-test 618 --area south --carrier telecom \\
                  --limit instances=1000 --from 2026-06-17T00:00:00+08:00 \\
                  --until 2026-06-20T00:00:00+08:00

            A scope of several places comes from a file:

              $ cat quota.yaml
              scope:
                include: [ { province: "44" }, { city: "3101" } ]
                exclude: [ { site: "4403-t-1" } ]
              limits:
                - { resource: vcpu, limit: 500 }
                - { resource: gpu, gpuModel: G2, limit: 8 }
              $ muster quota set load-test coast -f quota.yaml
            """
    )

    @OptionGroup var options: QuotaOptions
    @OptionGroup var terms: QuotaTerms
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let file = if let name = terms.file { try OrderFile.read(name) } else { OrderFile?.none }
        let body = if let file { try file.body() } else { try JSONText.bytes(terms.body) }
        try await service.with { service in
            let call = options.call("PUT", body: body)
            let answer =
                if let file { try await service.send(call, about: file) } else { try await service.send(call) }
            try output.show(answer.body) { QuotaDescription.text([try answer.decoded(as: QuotaView.self)]) }
        }
    }
}

/// A quota's terms on the command line.
struct QuotaTerms: ParsableArguments {
    @Option(name: .shortAndLong, help: "The quota as YAML or JSON; '-' reads standard input.")
    var file: String?

    @Option(
        help: ArgumentHelp(
            "The most of a resource: vcpu, memoryMiB, diskGiB, bandwidthMbps, instances, gpu or gpu:MODEL.",
            valueName: "resource=number"))
    var limit: [QuotaLimitArgument] = []

    @Option(help: "Only in this area, like south.") var area: String?
    @Option(help: "Only in this province, by its code, like 44.") var province: String?
    @Option(help: "Only in this city, by its code, like 4403.") var city: String?
    @Option(help: "Only on this carrier's network.") var carrier: String?
    @Option(help: "Only at this site.") var site: String?
    @Option(help: "From then on, RFC 3339 with offset.") var from: String?
    @Option(help: "Until then, RFC 3339 with offset.") var until: String?

    private var selector: [String: JSONValue] {
        ["area": area, "province": province, "city": city, "carrier": carrier, "site": site]
            .compactMapValues { $0.map(JSONValue.string) }
    }

    func validate() throws {
        let hasTerms = !limit.isEmpty || !selector.isEmpty || from != nil || until != nil
        guard file == nil || !hasTerms else { throw ValidationError("the file says it all; give -f alone") }
        guard file != nil || !limit.isEmpty else { throw ValidationError("give at least one --limit, or a file") }
    }

    /// The body of the call.
    var body: JSONValue {
        var fields = ["from": from, "until": until].compactMapValues { $0.map(JSONValue.string) }
        fields["limits"] = .array(limit.map(\.json))
        if !selector.isEmpty { fields["scope"] = .object(["include": .array([.object(selector)])]) }
        return .object(fields)
    }
}

/// `vcpu=500`, or `gpu:G2=8`.
struct QuotaLimitArgument: ExpressibleByArgument, Equatable {
    var resource: String
    var model: String?
    var limit: Double

    init?(argument: String) {
        guard let equals = argument.lastIndex(of: "="), let limit = Double(argument[argument.index(after: equals)...])
        else { return nil }
        let words = argument[..<equals].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let resource = words.first, !resource.isEmpty else { return nil }
        self.resource = String(resource)
        self.limit = limit
        model = words.count == 2 ? String(words[1]) : nil
    }

    var json: JSONValue {
        var fields: [String: JSONValue] = ["resource": .string(resource), "limit": .number(limit)]
        if let model { fields["gpuModel"] = .string(model) }
        return .object(fields)
    }
}
