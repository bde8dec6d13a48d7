import ArgumentParser

/// What holding capacity costs: planners' pictures, one order of a million, many of a hundred, and a crowded calendar.
///
/// Needs MUSTER_DATABASE, whose durable server gets databases named `muster_bench_part_…` meanwhile, and
/// MUSTER_MIGRATIONS.
struct LedgerBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "The planner's picture, orders and admission through PostgreSQL, against bare SQL in the same run."
    )

    enum Part: String, CaseIterable, ExpressibleByArgument {
        case planner, million, orders, calendar, loss
    }

    @Argument(help: "What to measure; everything where nothing is named.") var parts: [Part] = []

    func run() async throws {
        let results = try await BenchArena.with { arena in
            var results: [BenchResult] = []
            for part in Part.allCases where parts.isEmpty || parts.contains(part) {
                let began = ContinuousClock.now
                results += try await measure(part, in: arena)
                BenchReport.note("\(part.rawValue) took \((.now - began).inSeconds.shown) s")
            }
            return results
        }
        BenchReport.write("ledger", results)
    }

    private func measure(_ part: Part, in arena: BenchArena) async throws -> [BenchResult] {
        switch part {
        case .planner: try await PlannerBench(arena: arena).results()
        case .million: try await MillionBench(arena: arena).results()
        case .orders: try await OrdersBench(arena: arena).results()
        case .calendar: try await CalendarBench(arena: arena).results()
        case .loss: try await LossBench(arena: arena).results()
        }
    }
}

extension BenchResult {
    /// A figure that should be less than `goal`.
    init(key: String, _ value: Double, _ unit: String, below goal: Double) {
        self.init(key: key, value: value, unit: unit, goal: goal, holds: value < goal)
    }
}
