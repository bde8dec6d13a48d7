import CapacityModel
import FoundationEssentials
import Placement

/// How well a mix is packed: a real list of pods on real nodes, and small instances of which the best is known.
///
/// The data is that of `Tests/Fixtures/packing`, whose README tells where it is from.
struct PackingBench {
    /// The GPUs are to be placed on every third node.
    private static let every = 3
    private static let budget = PackingBudget(lasting: .seconds(10))

    private let folder: String
    private let nodes: [PackingNode]
    private let pods: [PackingItem]

    /// Reads the trace below the folder that `MUSTER_FIXTURES` names.
    init() throws {
        folder = try required("MUSTER_FIXTURES") + "/packing"
        nodes = try Self.read(folder + "/nodes.csv", by: PackingFile.nodes)
        pods = try Self.read(folder + "/pods.csv", by: PackingFile.items)
    }

    func results() throws -> [BenchResult] {
        try fewestNodes() + smallGaps() + gpusPlaced()
    }

    /// All pods on as few of the nodes as possible.
    private func fewestNodes() throws -> [BenchResult] {
        let onePass = try count(pack(pods, on: nodes))
        let (improved, seconds) = try timed { try count(pack(pods, on: nodes, budget: Self.budget)) }
        return [
            BenchResult(key: "pack.nodes", value: improved, unit: "nodes", goal: 455, holds: improved <= 455),
            BenchResult(key: "pack.nodes_one_pass", value: onePass, unit: "nodes", goal: 470, holds: onePass <= 470),
            BenchResult(key: "pack.nodes_bound", value: Double(leastNodes(for: pods, on: nodes)), unit: "nodes"),
            BenchResult(key: "pack.seconds", value: seconds, unit: "s"),
        ]
    }

    private func count(_ packing: Packing) throws -> Double {
        guard packing.placedCount == pods.count else { throw BenchFailure("not every pod of the trace has a place") }
        return Double(packing.usedNodes.count)
    }

    private func timed<Value>(_ body: () throws -> Value) rethrows -> (Value, seconds: Double) {
        let start = ContinuousClock.now
        let value = try body()
        return (value, Double((ContinuousClock.now - start).microseconds) / 1_000_000)
    }

    private static func read<Value>(
        _ path: String,
        by reader: (String) throws(FleetFileError) -> Value
    ) throws -> Value {
        try reader(String(contentsOfFile: path, encoding: .utf8))
    }
}

extension PackingBench {
    /// On the small instances: how many pods fewer than the best known have a place, the worst of each size.
    private func smallGaps() throws -> [BenchResult] {
        let gaps = try smallInstances().map { instance in
            let nodes = try Self.read("\(folder)/\(instance.name)/nodes.csv", by: PackingFile.nodes)
            let pods = try Self.read("\(folder)/\(instance.name)/pods.csv", by: PackingFile.items)
            let placed = pack(pods, on: nodes, goal: .mostItems, budget: Self.budget).placedCount
            guard placed <= instance.bound else {
                throw BenchFailure("\(instance.name): \(placed) pods placed; \(instance.bound) is proven the most")
            }
            return (size: instance.name.suffix(1), gap: Double(instance.best - placed))
        }
        return [("small.gap_s", "S", 1.0), ("small.gap_m", "M", 2.0)].map { key, size, goal in
            let worst = gaps.filter { $0.size == size }.map(\.gap).max() ?? .infinity
            return BenchResult(key: key, value: worst, unit: "pods", goal: goal, holds: worst <= goal)
        }
    }

    /// The instances of `expected.csv` with the best known count and the proven bound.
    private func smallInstances() throws -> [(name: String, best: Int, bound: Int)] {
        let lines = try String(contentsOfFile: folder + "/expected.csv", encoding: .utf8).split(separator: "\n")
        return try lines.dropFirst().map { line in
            let fields = line.split(separator: ",")
            guard fields.count > 6, let best = Double(fields[5]), let bound = Int(fields[6]) else {
                throw BenchFailure("expected.csv has a line that is not understood: \(line)")
            }
            return (String(fields[0]), Int(best), bound)
        }
    }

    /// GPUs placed on every third node, against Fragmentation Gradient Descent there: with the pods in the order of the
    /// file, as they came, and, which helps it, largest first. And against the optimum of a linear program.
    private func gpusPlaced() throws -> [BenchResult] {
        let third = nodes.indices.filter { $0.isMultiple(of: Self.every) }.map { nodes[$0] }
        let largestFirst = pods.sorted { ($0.gpu.milli, $0.vcpuMilli) > ($1.gpu.milli, $1.vcpuMilli) }
        let ours = gpus(pack(pods, on: third, goal: .mostGPUs, budget: Self.budget), of: pods)
        let againstDescent = [("gpu.vs_fgd", pods, 1.0), ("gpu.vs_fgd_sorted", largestFirst, nil)].map {
            key, pods, goal in
            let floor = gpus(packByFragmentation(pods, on: third), of: pods)
            let ratio = floor > 0 ? ours / floor : 0
            return BenchResult(
                key: key, value: ratio, unit: "1", goal: goal, holds: goal.map { ratio > $0 }, ours: ours, floor: floor
            )
        }
        guard let most = GPUBound()?.most(of: folder + "/pods.csv", on: folder + "/nodes.csv", every: Self.every)
        else { return againstDescent }
        guard ours <= most else { throw BenchFailure("\(ours) GPUs placed; \(most) are proven the most") }
        return againstDescent + [BenchResult(ratio: "gpu.vs_lp", of: ours, to: most, atLeast: 0.99)]
    }

    private func gpus(_ packing: Packing, of pods: [PackingItem]) -> Double {
        Double(packing.gpuMilli(of: pods)) / 1_000
    }
}
