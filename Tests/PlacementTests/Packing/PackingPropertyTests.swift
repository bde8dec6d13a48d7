import Placement
import Testing

/// Two hundred tiny mixes, each from its seed; a failure prints the seed.
@Suite("Packing, of any tiny mix")
struct PackingPropertyTests {
    private static let budget = PackingBudget(attempts: 3_000)

    private func eachMix(_ body: (Int, TinyMix, PackingOracle) -> Void) {
        for seed in 0..<200 {
            var random = SplitMix64(seed: UInt64(seed))
            let mix = TinyMix(random: &random)
            body(seed, mix, PackingOracle(mix.items, on: mix.nodes))
        }
    }

    @Test("what is placed fits, whichever way it was packed")
    func sound() {
        eachMix { seed, mix, _ in
            let checker = PackingChecker(items: mix.items, nodes: mix.nodes)
            #expect(checker.faults(of: packByFragmentation(mix.items, on: mix.nodes)).isEmpty, "seed \(seed)")
            for goal in PackingGoal.allCases {
                let onePass = pack(mix.items, on: mix.nodes, goal: goal)
                let improved = pack(mix.items, on: mix.nodes, goal: goal, budget: Self.budget)
                #expect(checker.faults(of: onePass).isEmpty, "seed \(seed)")
                #expect(checker.faults(of: improved).isEmpty, "seed \(seed)")
            }
        }
    }

    @Test("the search finds the most pods, the most GPUs and the fewest nodes that there are")
    func best() {
        eachMix { seed, mix, oracle in
            let count = pack(mix.items, on: mix.nodes, goal: .mostItems, budget: Self.budget).placedCount
            #expect(count == oracle.mostItems, "seed \(seed)")
            let milli = pack(mix.items, on: mix.nodes, goal: .mostGPUs, budget: Self.budget).gpuMilli(of: mix.items)
            #expect(milli == oracle.mostGPUMilli, "seed \(seed)")
            let packing = pack(mix.items, on: mix.nodes, budget: Self.budget)
            let nodes = packing.placedCount == mix.items.count ? packing.usedNodes.count : nil
            #expect(nodes == oracle.fewestNodes, "seed \(seed)")
        }
    }

    @Test("no mix runs on fewer nodes than are said to be needed")
    func bound() {
        eachMix { seed, mix, oracle in
            guard let fewest = oracle.fewestNodes else { return }
            #expect(leastNodes(for: mix.items, on: mix.nodes) <= fewest, "seed \(seed)")
        }
    }

    @Test("whatever has no place is told why, and nothing else")
    func shortages() {
        eachMix { seed, mix, _ in
            let packing = pack(mix.items, on: mix.nodes, goal: .mostItems, budget: Self.budget)
            let shortages = packing.shortages(of: mix.items, on: mix.nodes)
            for (seat, shortage) in zip(packing.seats, shortages) {
                #expect((seat == nil) == (shortage != nil), "seed \(seed)")
            }
        }
    }
}
