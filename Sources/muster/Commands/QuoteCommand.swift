import ArgumentParser
import CapacityAPI

struct QuoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quote",
        abstract: "Shows where an order would be placed and what it would cost. Holds nothing.",
        discussion: """
            Examples:

              $ muster quote -f order.yaml
              $ muster quote -f order.yaml --count 500
              $ muster quote -f order.yaml --explain
              $ jq '.count = 2000' order.json | muster quote -f - -o json
            """
    )

    @OptionGroup var order: OrderFileOptions
    @Flag(help: "Say why the plan is as it is: what each constraint left, the spread, the sites preferred.")
    var explain = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let file = try order.read()
        let body = try file.body()
        try await service.with { service in
            let call = Service.Call(
                method: "POST", path: "/v1/quotes" + (explain ? "?explain=true" : ""),
                headers: [("Content-Type", "application/json")], body: body
            )
            let answer = try await service.send(call, about: file)
            try output.show(answer.body) {
                let quote = try answer.decoded(as: QuoteView.self)
                let accept = "muster order create \(file.words) --quote \(shellWord(quote.quoteId))"
                let why = quote.explanation.map { "\n" + ExplanationText.text($0) } ?? ""
                return OrderDescription.text(quote) + why + "\nTo order exactly this:\n\n  \(accept)\n"
            }
        }
    }
}

extension Service {
    /// Sends a call about an order; a refusal is then told in terms of `file`.
    func send(_ call: Call, about file: OrderFile) async throws(Failure) -> Answer {
        do {
            return try await send(call)
        } catch {
            var failure = error
            failure.file = file
            throw failure
        }
    }
}
