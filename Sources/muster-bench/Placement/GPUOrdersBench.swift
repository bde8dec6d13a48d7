import CapacityModel
import FoundationEssentials
import Placement

/// The pods of a real trace as orders of one instance, one after the other as they came, on every third node until nothing
/// fits: GPUs placed, against Fragmentation Gradient Descent, which knows the whole mix from the start, on the same pods in
/// the same order.
///
/// The planner knows nothing of the mix but what it has placed so far.
struct GPUOrdersBench {
    private static let every = 3
    private static let siteCount = 32
    private static let window = Window(start: .benchMonday, duration: .seconds(24 * 3_600))

    private let nodes: [PackingNode]
    private let pods: [PackingItem]

    init() throws {
        let folder = try required("MUSTER_FIXTURES") + "/packing"
        let all = try PackingFile.nodes(reading: String(contentsOfFile: folder + "/nodes.csv", encoding: .utf8))
        nodes = all.indices.filter { $0.isMultiple(of: Self.every) }.map { all[$0] }
        pods = try PackingFile.items(reading: String(contentsOfFile: folder + "/pods.csv", encoding: .utf8))
    }

    func results() -> [BenchResult] {
        let (ours, times) = orders()
        let floor = Double(packByFragmentation(pods, on: nodes).gpuMilli(of: pods)) / 1_000
        return [
            BenchResult(ratio: "gpu.orders_vs_fgd", of: ours, to: floor, atLeast: 0.99),
            BenchResult(key: "gpu.orders_p99_ms", value: percentile(times, 0.99), unit: "ms"),
        ]
    }

    private func orders() -> (gpus: Double, times: [Double]) {
        var inventory = fleet()
        var placed = 0
        var times: [Double] = []
        for pod in pods {
            let demand = Demand(count: 1, unit: pod.unit, held: Self.window)
            let start = ContinuousClock.now
            let verdict = place(demand, on: inventory)
            times.append(Double((ContinuousClock.now - start).microseconds) / 1_000)
            guard case .placed(let plan, missing: 0) = verdict else { continue }
            inventory.take(plan, of: demand.unit, during: Self.window)
            placed += pod.gpu.milli
        }
        return (Double(placed) / 1_000, times)
    }

    private func fleet() -> Inventory {
        let sites = (0..<Self.siteCount).map { index in
            CapacityModel.Site(
                id: SiteID(rawValue: Int64(index + 1)), name: "s\(index)", province: "31", city: "3101",
                carrier: .telecom)
        }
        let hosts = nodes.enumerated().map { index, node in
            CapacityModel.Host(
                id: HostID(rawValue: Int64(index + 1)), site: sites[index % Self.siteCount].id, name: node.name,
                allocatable: Resources(
                    vcpuMilli: node.vcpuMilli, memoryMiB: node.memoryMiB, gpuModel: node.gpuModel,
                    gpuCount: Int64(node.deviceMilli.count)))
        }
        return Inventory(version: 1, sites: sites, hosts: hosts, reservations: [])
    }
}

extension PackingItem {
    fileprivate var unit: Resources {
        var unit = Resources(vcpuMilli: vcpuMilli, memoryMiB: memoryMiB)
        switch gpu {
        case .none: break
        case .share(let milli): unit.gpuShareMilli = Int64(milli)
        case .whole(let count): unit.gpuCount = Int64(count)
        }
        return unit
    }
}
