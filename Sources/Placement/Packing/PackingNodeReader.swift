/// Takes a file of nodes line by line.
struct PackingNodeReader: CSVReader {
    static let rowName = "node"

    private(set) var nodes: [PackingNode] = []
    var flaws: [FleetFileError.Flaw] = []
    var flawCount = 0
    var line = 0
    private var names = NameRegister()
    private var models: Set<String> = []
    private var columnCount = 0

    mutating func readHeader(_ fields: [Substring]) -> Bool {
        columnCount = fields.count
        return readHeader(fields, expected: PackingFile.nodeColumns, mayBeMore: true)
    }

    mutating func readRow(_ fields: [Substring]) {
        guard fields.count == columnCount else {
            return refuse(nil, "\(fields.count) fields where \(columnCount) were expected")
        }
        let name = readName(fields[0], column: "sn")
        let vcpuMilli = readNumber(fields[1], column: "cpu_milli", in: PackingFile.vcpuMilli)
        let memoryMiB = readNumber(fields[2], column: "memory_mib", in: PackingFile.memoryMiB)
        let devices = readNumber(fields[3], column: "gpu", in: PackingFile.devices)
        let model = fields[4].isEmpty ? nil : readName(fields[4], column: "model")
        if fields[4].isEmpty != (devices == 0) {
            refuse("model", "model \(quoted(fields[4])) and \(devices) devices contradict each other")
        }
        if let model, models.insert(model).inserted, models.count > PackingFile.mostModels {
            refuse("model", "\(quoted(model)) is one model more than the \(PackingFile.mostModels) a file may have")
        }
        guard let name else { return }
        if let earlier = names.earlierLine(of: name, now: line) {
            refuse("sn", "node \(quoted(name)) is already in line \(earlier)")
        }
        nodes.append(
            PackingNode(
                name: name,
                vcpuMilli: vcpuMilli,
                memoryMiB: memoryMiB,
                gpuModel: model,
                deviceMilli: [Int](repeating: PackingNode.wholeDevice, count: Int(devices))
            )
        )
    }
}
