import ArgumentParser
import CapacityModel
import Placement

struct FleetPackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Says on how few of these machines a mix of pods runs, what does not fit, and why. Asks no service.",
        discussion: """
            Both files are CSV in the columns of Alibaba's public GPU traces; columns behind these are passed over:

              nodes  \(PackingFile.nodeColumns.joined(separator: ","))
              pods   \(PackingFile.itemColumns.joined(separator: ","))

            'gpu_milli' is a share of one device in thousandths where 'num_gpu' is 1, and 1000 where it is more; \
            'gpu_spec' names the models a pod accepts, separated by '|'. A file with a bad line is refused whole.

            The budget buys a number of attempts and not time, so one input has one answer on every machine; a slower \
            one takes longer. PT0S is one pass, largest first.

            Example:

              $ muster fleet pack --nodes nodes.csv --pods pods.csv --budget PT10S
            """
    )

    @Option(help: "The machines as CSV; '-' reads standard input.") var nodes: String
    @Option(help: "What is to run on them, as CSV; '-' reads standard input.") var pods: String
    @Option(help: "What to look for: few nodes, or on all of them the most pods or the most GPUs.")
    var goal: PackingGoal = .fewestNodes
    @Option(help: "How long to improve the answer, ISO 8601 like PT10S, on one core of 2.5 GHz.") var budget = "PT10S"
    @OptionGroup var output: OutputOptions

    /// A million lines.
    private static let byteLimit = 256 << 20
    private static let longest = Duration.seconds(3_600)

    func validate() throws {
        guard nodes != "-" || pods != "-" else { throw ValidationError("only one file can be standard input") }
        _ = try packingBudget()
    }

    func run() throws {
        let machines = try Self.read(nodes, by: PackingFile.nodes)
        let mix = try Self.read(pods, by: PackingFile.items)
        let report = PackingReport(
            items: mix,
            nodes: machines,
            packing: pack(mix, on: machines, goal: goal, budget: try packingBudget())
        )
        output.show(try JSONText.bytes(report.json)) { report.text }
    }

    private func packingBudget() throws -> PackingBudget {
        guard let duration = Duration(iso8601: budget), duration <= Self.longest else {
            throw ValidationError("--budget is an ISO 8601 duration of at most an hour, like PT10S; found '\(budget)'")
        }
        return PackingBudget(lasting: duration)
    }

    private static func read<Value>(
        _ name: String,
        by reader: (String) throws(FleetFileError) -> Value
    ) throws(Failure) -> Value {
        let bytes = try FileBytes.read(name, atMost: byteLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.invalid, "\(OrderFile.shown(name)) is not UTF-8 text")
        }
        do {
            return try reader(text)
        } catch {
            throw Failure(.invalid, "\(OrderFile.shown(name)) is refused whole:\n\(error)")
        }
    }
}

extension PackingGoal: ExpressibleByArgument {}
