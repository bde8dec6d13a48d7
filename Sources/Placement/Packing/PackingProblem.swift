/// The mix in numbers only: equal items are one class with a count, models are bits, and every class has a size and a
/// value.
struct PackingProblem: Sendable {
    /// Items that cannot be told apart but by name.
    struct Class: Hashable, Sendable {
        var vcpuMilli: Int64
        var memoryMiB: Int64
        var perDevice: Int
        var deviceCount: Int
        /// The bits of the models it may stand on; all ones where any node will do.
        var models: UInt64
    }

    let classes: [Class]
    /// Beside `classes`: the positions of its items, in their order.
    let members: [[Int]]
    let itemCount: Int
    /// The nodes, all of them empty.
    let rooms: [PackingRoom]
    let prices: PackingPrices
    let goal: PackingGoal
    /// Beside `classes`: how much of an average node one item takes, by price.
    let sizes: [Double]
    /// Beside `classes`: what placing one item is worth to the goal, scaled so that a mean item is worth its size.
    let values: [Double]

    /// The bit of a node whose GPUs are of no named model: only an item that accepts any stands there.
    private static let nameless = UInt64(1) << 63

    init(_ items: [PackingItem], on nodes: [PackingNode], goal: PackingGoal) {
        let models = Set(nodes.compactMap(\.gpuModel)).sorted()
        precondition(models.count < 63, "readers refuse nodes of more GPU models than a word has bits")
        let bits = Dictionary(uniqueKeysWithValues: models.enumerated().map { ($1, UInt64(1) << UInt64($0)) })
        var classes: [Class] = []
        var members: [[Int]] = []
        var positions: [Class: Int] = [:]
        for (index, item) in items.enumerated() {
            let kind = Class(item, modelBits: bits)
            if let position = positions[kind] {
                members[position].append(index)
            } else {
                positions[kind] = classes.count
                classes.append(kind)
                members.append([index])
            }
        }
        let prices = PackingPrices(classes, counts: members.map(\.count), nodes: nodes)
        self.classes = classes
        self.members = members
        itemCount = items.count
        rooms = nodes.map { PackingRoom($0, model: $0.gpuModel.flatMap { bits[$0] } ?? Self.nameless) }
        self.prices = prices
        self.goal = goal
        sizes = classes.map { prices.price(of: $0) }
        values = Self.values(classes, sizes: sizes, counts: members.map(\.count), goal: goal)
    }

    private static func values(_ classes: [Class], sizes: [Double], counts: [Int], goal: PackingGoal) -> [Double] {
        let raw: [Double] =
            switch goal {
            case .fewestNodes: sizes
            case .mostItems: classes.map { _ in 1 }
            case .mostGPUs: classes.map { Double($0.perDevice * $0.deviceCount) }
            }
        let size = zip(sizes, counts).reduce(0) { $0 + $1.0 * Double($1.1) }
        let sum = zip(raw, counts).reduce(0) { $0 + $1.0 * Double($1.1) }
        return raw.map { sum > 0 ? $0 * size / sum : 0 }
    }
}

extension PackingProblem.Class {
    init(_ item: PackingItem, modelBits: [String: UInt64]) {
        vcpuMilli = item.vcpuMilli
        memoryMiB = item.memoryMiB
        perDevice = item.gpu.perDevice
        deviceCount = item.gpu.deviceCount
        let isFree = item.gpu == .none || item.models.isEmpty
        models = isFree ? .max : item.models.reduce(0) { $0 | (modelBits[$1] ?? 0) }
    }
}
