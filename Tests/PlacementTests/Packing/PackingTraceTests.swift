import Placement
import Testing

/// The public half of a real trace; `Fixtures/README.md` tells of it.
@Suite("Packing a real mix of 4,155 pods")
struct PackingTraceTests {
    private let nodes: [PackingNode]
    private let pods: [PackingItem]

    init() throws {
        nodes = try PackingFile.nodes(reading: readTestFile("Fixtures/packing/nodes.csv"))
        pods = try PackingFile.items(reading: readTestFile("Fixtures/packing/pods.csv"))
    }

    @Test("the files read as 1,523 nodes with 6,212 GPUs and pods that ask for 3,083.77")
    func files() {
        #expect(nodes.count == 1_523)
        #expect(nodes.reduce(0) { $0 + $1.deviceMilli.count } == 6_212)
        #expect(pods.count == 4_155)
        #expect(pods.reduce(0) { $0 + $1.gpu.milli } == 3_083_770)
    }

    @Test("one pass, largest first, needs at most 470 nodes, and a small budget saves some of them")
    func fewNodes() {
        let checker = PackingChecker(items: pods, nodes: nodes)
        let onePass = pack(pods, on: nodes)
        #expect(onePass.placedCount == pods.count && onePass.usedNodes.count <= 470)
        #expect(checker.faults(of: onePass).isEmpty)
        let improved = pack(pods, on: nodes, budget: PackingBudget(attempts: 500_000))
        #expect(improved.placedCount == pods.count && improved.usedNodes.count < onePass.usedNodes.count)
        #expect(checker.faults(of: improved).isEmpty)
        #expect(improved == pack(pods, on: nodes, budget: PackingBudget(attempts: 500_000)))
    }
}
