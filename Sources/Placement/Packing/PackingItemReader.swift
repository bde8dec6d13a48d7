/// Takes a file of pods line by line.
struct PackingItemReader: CSVReader {
    static let rowName = "pod"

    private(set) var items: [PackingItem] = []
    var flaws: [FleetFileError.Flaw] = []
    var flawCount = 0
    var line = 0
    private var names = NameRegister()
    private var columnCount = 0

    mutating func readHeader(_ fields: [Substring]) -> Bool {
        columnCount = fields.count
        return readHeader(fields, expected: PackingFile.itemColumns, mayBeMore: true)
    }

    mutating func readRow(_ fields: [Substring]) {
        guard fields.count == columnCount else {
            return refuse(nil, "\(fields.count) fields where \(columnCount) were expected")
        }
        let name = readName(fields[0], column: "name")
        let vcpuMilli = readNumber(fields[1], column: "cpu_milli", in: PackingFile.vcpuMilli)
        let memoryMiB = readNumber(fields[2], column: "memory_mib", in: PackingFile.memoryMiB)
        let gpu = readGPU(count: fields[3], milli: fields[4])
        let models = fields[5].isEmpty ? [] : fields[5].split(separator: "|", omittingEmptySubsequences: false)
        for model in models where !isName(model) {
            refuse("gpu_spec", "\(quoted(model)) is no GPU model: names separated by '|' were expected")
        }
        guard let name else { return }
        if let earlier = names.earlierLine(of: name, now: line) {
            refuse("name", "pod \(quoted(name)) is already in line \(earlier)")
        }
        items.append(
            PackingItem(
                name: name,
                vcpuMilli: vcpuMilli,
                memoryMiB: memoryMiB,
                gpu: gpu,
                models: Set(models.map(String.init))
            )
        )
    }

    /// Of one device any share; of several, all of each.
    private mutating func readGPU(count: Substring, milli: Substring) -> PackingItem.GPU {
        let whole = Int64(PackingNode.wholeDevice)
        switch readNumber(count, column: "num_gpu", in: PackingFile.devices) {
        case 0:
            _ = readNumber(milli, column: "gpu_milli", in: 0...0)
            return .none
        case 1:
            let share = readNumber(milli, column: "gpu_milli", in: 1...whole)
            return share < whole ? .share(milli: Int(share)) : .whole(count: 1)
        case let several:
            _ = readNumber(milli, column: "gpu_milli", in: whole...whole)
            return .whole(count: Int(several))
        }
    }
}
