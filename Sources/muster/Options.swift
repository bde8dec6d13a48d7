import ArgumentParser

/// Where the service is and who asks.
struct ServiceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Address of the service. Default: MUSTER_URL.", valueName: "url"))
    var url: String?

    @Option(
        help: ArgumentHelp(
            "API key. Default: MUSTER_KEY, which no other user of this machine can see.", valueName: "key"))
    var key: String?

    /// Runs `body` with the service these options and the environment name.
    func with<Value: Sendable>(_ body: (Service) async throws -> Value) async throws -> Value {
        guard let url = url ?? environment("MUSTER_URL") else {
            throw Failure(.invalid, "which service? Set MUSTER_URL or give --url, like http://127.0.0.1:8080")
        }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw Failure(.invalid, "the service's address begins with http:// or https://; found '\(url)'")
        }
        return try await Service.with(url: url, key: key ?? environment("MUSTER_KEY"), body)
    }
}

/// How a command shows what it found.
struct OutputOptions: ParsableArguments {
    enum Form: String, CaseIterable, ExpressibleByArgument {
        case table, json
    }

    @Option(name: .shortAndLong, help: "How to show the answer: for people, or the service's JSON unchanged.")
    var output: Form = .table

    /// Writes the answer in the form that was asked for.
    func show(_ json: [UInt8], table: () throws -> String) rethrows {
        switch output {
        case .table: Output.standard.write(try table())
        case .json:
            Output.standard.write(json)
            if json.last != UInt8(ascii: "\n") { Output.standard.write("\n") }
        }
    }
}

/// The order that a command is about, from a file and changed by the command line.
struct OrderFileOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The order as YAML or JSON; '-' reads standard input.")
    var file: String?

    @Option(help: "Order so many instances instead of the file's count.")
    var count: Int?

    @Option(help: "Let the window start at this instant (RFC 3339 with offset) instead of the file's.")
    var start: String?

    @Option(help: "Let the window last this long (ISO 8601, like PT4H) instead of the file's length.")
    var duration: String?

    /// The order as it is to be sent.
    func read(quote: String? = nil, reservation: String? = nil) throws(Failure) -> OrderFile {
        let changes = OrderChanges(
            quote: quote, reservation: reservation, count: count, start: start, duration: duration)
        guard let file else {
            guard let quote, changes == OrderChanges(quote: quote) else {
                throw Failure(.invalid, "which order? Give -f with a file, or '-' for standard input")
            }
            return OrderFile(accepting: quote)
        }
        return try OrderFile.read(file).changed(by: changes)
    }
}
