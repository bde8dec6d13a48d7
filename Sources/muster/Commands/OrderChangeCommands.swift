import ArgumentParser
import CapacityAPI

/// What the commands that change an order share.
struct OrderChangeOptions: ParsableArguments {
    @Argument(help: "The order, like ord-1.") var id: String

    @Option(help: "Change the order only if this is still its revision (see 'order get -o json').")
    var revision: Int64?

    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    /// Sends the change and shows the order as it then is.
    func change(_ verb: String, _ fields: [String: JSONValue] = [:]) async throws {
        let body = try JSONText.bytes(JSONValue.object(fields))
        var headers = [(name: "Content-Type", value: "application/json")]
        if let revision { headers.append((name: "If-Match", value: "\"\(revision)\"")) }
        try await service.with { service in
            let call = Service.Call(
                method: "POST",
                path: orderPath(id, ":\(verb)"),
                headers: headers,
                body: body,
                // With a revision, the second sending of a change that was made would be refused.
                isRepeatable: revision == nil
            )
            let answer = try await service.send(call)
            try output.show(answer.body) { OrderDescription.text(try answer.decoded(as: OrderView.self)) }
        }
    }
}

struct OrderCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Ends an order now: instances are released, and only what was used is billed."
    )

    @OptionGroup var options: OrderChangeOptions

    func run() async throws {
        try await options.change("cancel")
    }
}

/// A new end, or a new length of the whole window.
struct NewEndOptions: ParsableArguments {
    @Option(help: "The new end, RFC 3339 with offset.")
    var end: String?

    @Option(help: "The new length of the whole window, ISO 8601 like PT6H.")
    var duration: String?

    func validate() throws {
        guard (end == nil) != (duration == nil) else { throw ValidationError("give --end or --duration") }
    }

    var fields: [String: JSONValue] {
        ["end": end, "duration": duration].compactMapValues { $0.map(JSONValue.string) }
    }
}

struct OrderExtendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extend",
        abstract: "Moves the end of an order's window later, where the capacity is free.",
        discussion: "Example:\n\n  $ muster order extend ord-1 --duration PT6H"
    )

    @OptionGroup var newEnd: NewEndOptions
    @OptionGroup var options: OrderChangeOptions

    func run() async throws {
        try await options.change("extend", newEnd.fields)
    }
}

struct OrderShortenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shorten",
        abstract: "Moves the end of an order's window earlier.",
        discussion: "Example:\n\n  $ muster order shorten ord-1 --end 2026-06-17T22:00:00+08:00"
    )

    @OptionGroup var newEnd: NewEndOptions
    @OptionGroup var options: OrderChangeOptions

    func run() async throws {
        try await options.change("shorten", newEnd.fields)
    }
}

struct OrderScaleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Changes how many instances an order has.",
        discussion: "Example:\n\n  $ muster order scale ord-1 1500"
    )

    @OptionGroup var options: OrderChangeOptions
    @Argument(help: "The new count.") var count: Int64

    func run() async throws {
        try await options.change("scale", ["count": .integer(count)])
    }
}
