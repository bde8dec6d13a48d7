import ArgumentParser

struct OrderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "Makes, shows, follows and changes orders.",
        subcommands: [
            OrderCreateCommand.self, OrderGetCommand.self, OrderListCommand.self, OrderWatchCommand.self,
            OrderCancelCommand.self, OrderExtendCommand.self, OrderShortenCommand.self, OrderScaleCommand.self,
        ]
    )
}
