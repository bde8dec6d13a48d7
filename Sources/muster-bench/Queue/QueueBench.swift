import ArgumentParser

/// How the queue compares with what PostgreSQL does without one, and with PgQueuer, on a durable server of its own.
///
/// Needs MUSTER_DATABASE (whose server gets databases named `muster_bench_part_…` meanwhile), MUSTER_MIGRATIONS, and,
/// for the comparison with PgQueuer, MUSTER_PGQUEUER and MUSTER_PGQUEUER_SCRIPT. QUEUE_LONG=yes holds the snapshot of
/// the parts pinned and tenants for ten minutes instead of two.
struct QueueBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Working, enqueueing, waking and claiming, against bare SQL in the same run."
    )

    enum Part: String, CaseIterable, ExpressibleByArgument {
        case work, small, bulk, single, pinned, tenants, start, claim, fair
    }

    @Argument(help: "What to measure; everything where nothing is named.") var parts: [Part] = []
    @Option(help: "Jobs a worker may hold at a time.") var concurrency = 2_000

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
        BenchReport.write("queue", results)
    }

    private var isLong: Bool { environment("QUEUE_LONG") == "yes" }

    private func measure(_ part: Part, in arena: BenchArena) async throws -> [BenchResult] {
        switch part {
        case .work: try await WorkBench(arena: arena, concurrency: concurrency).results()
        case .small: try await SmallWorkersBench(arena: arena).results()
        case .bulk: try await BulkBench(arena: arena).results()
        case .single: try await SingleBench(arena: arena).results()
        case .pinned: try await pinned(tenantCount: 0, in: arena)
        case .tenants: try await pinned(tenantCount: 100, in: arena)
        case .start: try await StartBench(arena: arena).results()
        case .claim: try await ClaimBench(arena: arena).results()
        case .fair: try await FairBench(arena: arena).results()
        }
    }

    private func pinned(tenantCount: Int, in arena: BenchArena) async throws -> [BenchResult] {
        let held: Duration = isLong ? .seconds(600) : .seconds(120)
        // What feeds them has an index more to write, and must not be what is measured.
        let slots = tenantCount == 0 ? concurrency : min(concurrency, 200)
        return try await PinnedBench(arena: arena, concurrency: slots, held: held, tenantCount: tenantCount).results()
    }
}
