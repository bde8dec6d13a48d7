/// Nodes and pods as CSV files hold them, in the columns of the public GPU traces of Alibaba, so that those, or a dump
/// of one's own cluster, can be packed as they are.
///
/// Columns behind those named here are passed over. A file with a bad line is refused whole.
package enum PackingFile {
    /// Name, thousandths of a core, MiB, devices, their model.
    package static let nodeColumns = ["sn", "cpu_milli", "memory_mib", "gpu", "model"]
    /// Name, thousandths of a core, MiB, devices, thousandths of each device, accepted models separated by `|`.
    package static let itemColumns = ["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "gpu_spec"]

    package static func nodes(reading text: String) throws(FleetFileError) -> [PackingNode] {
        var reader = PackingNodeReader()
        reader.read(text)
        guard reader.flawCount == 0 else { throw FleetFileError(flaws: reader.flaws, count: reader.flawCount) }
        return reader.nodes
    }

    package static func items(reading text: String) throws(FleetFileError) -> [PackingItem] {
        var reader = PackingItemReader()
        reader.read(text)
        guard reader.flawCount == 0 else { throw FleetFileError(flaws: reader.flaws, count: reader.flawCount) }
        return reader.items
    }

    /// A model is a bit of a word, of which two have another use.
    static let mostModels = 62
    static let vcpuMilli: ClosedRange<Int64> = 0...10_000_000
    static let memoryMiB: ClosedRange<Int64> = 0...1_000_000_000
    static let devices = 0...Int64(PackingNode.mostDevices)
}

/// Names by line, so that a second line of one name is refused.
struct NameRegister {
    private var lines: [String: Int] = [:]

    /// The line that has the name already; else notes this one.
    mutating func earlierLine(of name: String, now line: Int) -> Int? {
        if let earlier = lines[name] { return earlier }
        lines[name] = line
        return nil
    }
}
