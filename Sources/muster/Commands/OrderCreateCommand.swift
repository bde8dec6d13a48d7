import ArgumentParser
import CapacityAPI

struct OrderCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Orders: the capacity is held when this returns.",
        discussion: """
            An order that cannot be had in full is refused with what binds and with offers; each comes with the \
            command that accepts it.

            With 'fulfilment: { policy: bestEffort, topUp: true }' an order waits for what is missing. Where as many \
            orders wait already as may (4096), it is refused, and /fulfilment/topUp is named with the limit.

            Every order carries an idempotency key. Where it stays open whether an order was taken, the same command \
            with the same key asks again without ordering twice.

            Examples:

              $ muster order create -f order.yaml
              $ muster order create -f order.yaml --wait
              $ muster order create -f order.yaml --quote q-1
              $ muster order create -f order.yaml --reservation rsv-1
              $ muster order create -f order.yaml -o json | jq -r .id
            """
    )

    @OptionGroup var order: OrderFileOptions

    @Option(help: ArgumentHelp("Take up this quote or offer.", valueName: "id"))
    var quote: String?

    @Option(help: ArgumentHelp("Draw on this reservation.", valueName: "id"))
    var reservation: String?

    @Option(help: ArgumentHelp("The same key makes one order. Default: a random one.", valueName: "key"))
    var idempotencyKey: String?

    @Flag(help: "Watch until all instances are ready; see 'muster order watch'.")
    var wait = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let file = try order.read(quote: quote, reservation: reservation)
        let key = idempotencyKey ?? IdempotencyKey.random()
        try await service.with { service in
            let answer = try await create(file, key: key, service)
            let made = try answer.decoded(as: OrderView.self)
            output.show(answer.body) {
                let known =
                    answer.status == 201 ? "" : "This key has made the order before; nothing new was ordered.\n\n"
                let id = shellWord(made.id)
                let next = wait ? "" : "\nTo follow it:\n\n  muster order watch \(id)\n  muster instances \(id)\n"
                return known + OrderDescription.text(made) + next
            }
            guard wait else { return }
            // The JSON on standard output stays alone there.
            let watch = OrderWatch(service: service, order: made.id, goal: .ready, limit: nil)
            do throws(Failure) {
                try await watch.run(on: output.output == .json ? .error : .standard)
            } catch {
                var failure = error
                failure.file = file
                throw failure
            }
        }
    }

    private func create(_ file: OrderFile, key: String, _ service: Service) async throws(Failure) -> Service.Answer {
        let call = Service.Call(
            method: "POST",
            path: "/v1/orders",
            headers: [("Content-Type", "application/json"), ("Idempotency-Key", key)],
            body: try file.body()
        )
        do {
            return try await service.send(call, about: file)
        } catch {
            let again = "muster order create \(file.words) --idempotency-key \(shellWord(key))"
            var failure = error
            failure.note =
                error.status == .unavailable
                ? "\nThe order may have been taken all the same. To ask again without ordering twice:\n\n  \(again)"
                : "\nIdempotency key: \(key)"
            throw failure
        }
    }
}
