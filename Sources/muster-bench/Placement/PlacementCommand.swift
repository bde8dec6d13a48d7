import ArgumentParser

/// How long a quote takes, and how well orders and mixes are packed, in process.
struct PlacementCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "placement",
        abstract: "How long a quote of 1000 takes on a national fleet, and how well a mix is packed, in process."
    )

    /// The large fleet comes first, while the process has held nothing else: its peak of memory is measured.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case quote200k, quote, gpuquote, slots, pack, gpuorders
    }

    @Argument(help: "What to measure; everything where nothing is named.") var parts: [Part] = []

    func run() throws {
        var results: [BenchResult] = []
        for part in Part.allCases where parts.isEmpty || parts.contains(part) { results += try measure(part) }
        BenchReport.write("placement", results)
    }

    private func measure(_ part: Part) throws -> [BenchResult] {
        switch part {
        case .quote200k: try QuoteBench.large()
        case .quote: QuoteBench.national()
        case .gpuquote: GPUQuoteBench().results()
        case .slots: SlotsBench().results()
        case .pack: try PackingBench().results()
        case .gpuorders: try GPUOrdersBench().results()
        }
    }
}
