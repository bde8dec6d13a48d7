import Placement
import Testing

@Suite("Packing a mix")
struct PackingTests {
    private static func node(_ devices: Int, model: String = "G2", cores: Int64 = 64) -> PackingNode {
        PackingNode(
            name: "n",
            vcpuMilli: cores * 1_000,
            memoryMiB: 65_536,
            gpuModel: devices > 0 ? model : nil,
            deviceMilli: [Int](repeating: 1_000, count: devices)
        )
    }

    private static func pod(_ gpu: PackingItem.GPU, cores: Int64 = 1, models: Set<String> = []) -> PackingItem {
        PackingItem(name: "p", vcpuMilli: cores * 1_000, memoryMiB: 1_024, gpu: gpu, models: models)
    }

    @Test("two halves share one device, and a third half gets the next")
    func halves() {
        let packing = pack([Self.pod(.share(milli: 500)), Self.pod(.share(milli: 500))], on: [Self.node(2)])
        #expect(packing.seats.map { $0?.devices } == [[0], [0]])
        let three = pack([PackingItem](repeating: Self.pod(.share(milli: 500)), count: 3), on: [Self.node(2)])
        #expect(three.seats.map { $0?.devices } == [[0], [0], [1]])
    }

    @Test("a share never stands on two devices, whatever they have left together")
    func noShareOverTwo() {
        let items = [600, 600, 600].map { Self.pod(.share(milli: $0)) }
        let packing = pack(items, on: [Self.node(2)], budget: PackingBudget(attempts: 1_000))
        #expect(packing.placedCount == 2)
    }

    @Test("whole devices are nobody else's")
    func wholeDevices() {
        let items = [Self.pod(.whole(count: 2)), Self.pod(.share(milli: 100)), Self.pod(.whole(count: 1))]
        #expect(pack(items, on: [Self.node(3)]).placedCount == 2)
        #expect(pack(items, on: [Self.node(4)]).seats.map { $0?.devices } == [[0, 1], [3], [2]])
    }

    @Test("an item stands only on a model it accepts; one without GPU stands anywhere")
    func models() {
        let nodes = [Self.node(1, model: "T4"), Self.node(1, model: "G2")]
        let items = [
            Self.pod(.whole(count: 1), models: ["G2"]), Self.pod(.share(milli: 1), models: ["A10"]),
            Self.pod(.none, models: ["A10"]),
        ]
        let packing = pack(items, on: nodes)
        #expect(packing.seats[0]?.node == 1)
        #expect(packing.seats[1] == nil)
        #expect(packing.seats[2] != nil)
    }

    @Test("a few large nodes are taken before many small ones")
    func fewNodes() {
        let nodes = [PackingNode](repeating: Self.node(0, cores: 4), count: 8) + [Self.node(0, cores: 32)]
        let items = [PackingItem](repeating: Self.pod(.none, cores: 4), count: 8)
        #expect(pack(items, on: nodes).usedNodes == [8])
    }

    @Test("a search finds the pairs that one pass, largest first, does not see")
    func pairs() {
        // 5 + 4 + 3 and 5 + 4 + 3 fill two nodes of 12; largest first makes 5 + 5, then 4 + 4 + 3, and 3 is left.
        let nodes = [PackingNode](repeating: Self.node(0, cores: 12), count: 3)
        let items = [5, 5, 4, 4, 3, 3].map { Self.pod(.none, cores: $0) }
        #expect(pack(items, on: nodes).usedNodes.count == 3)
        #expect(pack(items, on: nodes, budget: PackingBudget(attempts: 10_000)).usedNodes.count == 2)
    }

    @Test("nothing to pack, and nowhere to pack it, are answers")
    func nothing() {
        #expect(pack([], on: [Self.node(1)], budget: PackingBudget(attempts: 10)).seats.isEmpty)
        #expect(pack([Self.pod(.none)], on: [], budget: PackingBudget(attempts: 10)).seats == [nil])
        #expect(packByFragmentation([Self.pod(.none)], on: []).seats == [nil])
    }

    @Test("a budget is work: a second buys ten million attempts, and nothing buys one pass")
    func budget() {
        #expect(PackingBudget(lasting: .seconds(1)).attempts == 10_000_000)
        #expect(PackingBudget(lasting: .zero) == .onePass)
    }

    @Test("by fragmentation, a share goes where a share stands already, and leaves whole devices whole")
    func fragmentation() {
        let items = [Self.pod(.share(milli: 500)), Self.pod(.share(milli: 300)), Self.pod(.whole(count: 2))]
        let packing = packByFragmentation(items, on: [Self.node(2), Self.node(1, model: "T4")])
        #expect(packing.seats.map { $0?.node } == [1, 1, 0])
    }
}
