import ArgumentParser
import CapacityAPI
import CapacityModel

struct OrderGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Shows one order: terms, counts, price and the plan by province.",
        discussion: """
            The plan by site and host is in the JSON:

              $ muster order get ord-1 -o json | jq '.plan.groups'
            """
    )

    @Argument(help: "The order, like ord-1.") var id: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let answer = try await service.send(Service.Call(path: orderPath(id)))
            try output.show(answer.body) { OrderDescription.text(try answer.decoded(as: OrderView.self)) }
        }
    }
}

struct OrderListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists orders, the newest first."
    )

    @Option(help: "Show at most so many.")
    var limit = 50

    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        try await service.with { service in
            let orders = try await service.list("/v1/orders", of: OrderView.self, limit: limit)
            output.show(orders.json) {
                Self.text(orders.items) + (orders.isCut ? "There are more; see --limit.\n" : "")
            }
        }
    }

    static func text(_ orders: [OrderView]) -> String {
        var table = Table([
            .text("order"), .text("name"), .text("state"), .number("count"), .number("ready"), .number("released"),
            .text("window"), .number("price"),
        ])
        let digits = moneyDigits(orders.map(\.price.amountMicro))
        for order in orders {
            table.add(
                order.id, order.name ?? "", order.state.rawValue, "\(order.count)", "\(order.counts.instances.ready)",
                "\(order.counts.instances.released)", OrderDescription.text(order.window),
                money(order.price.amountMicro, order.price.currency, digits: digits)
            )
        }
        return table.text
    }
}

struct InstancesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instances",
        abstract: "Lists the instances of an order with their addresses.",
        discussion: """
            Examples:

              $ muster instances ord-1 --state ready
              $ muster instances ord-1 -o json | jq -r '.items[].address'
            """
    )

    @Argument(help: "The order, like ord-1.") var id: String

    @Option(help: "Only instances in this state: \(Instance.State.allCases.map(\.rawValue).joined(separator: ", ")).")
    var state: Instance.State?

    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            var instances = try await service.list(orderPath(id, "/instances"), of: InstanceView.self)
            if let state { instances = try instances.keeping { $0.state == state } }
            output.show(instances.json) { Self.text(instances.items) }
        }
    }

    static func text(_ instances: [InstanceView]) -> String {
        var table = Table([
            .text("instance"), .text("province"), .text("site"), .text("host"), .text("address"), .text("state"),
            .text("since"), .text(""),
        ])
        for instance in instances {
            table.add(
                instance.id, provinceName(instance.province), instance.site, instance.host,
                instance.ssh ?? instance.address ?? "-", instance.state.rawValue, instance.since.toTheSecond,
                [instance.gpuDevices.map { "GPU " + $0.map(String.init).joined(separator: ", ") }, instance.message]
                    .compactMap(\.self).joined(separator: ": ")
            )
        }
        return table.text
    }
}

extension Instance.State: ExpressibleByArgument {}
