/// One of the mix: what it takes of a node, and on which nodes it may stand.
package struct PackingItem: Hashable, Sendable {
    /// What it takes of GPUs.
    package enum GPU: Hashable, Sendable {
        case none
        /// Thousandths of one device, 1 to 999. Two shares may stand on one device; one share never on two.
        case share(milli: Int)
        /// Devices of which nobody else has anything.
        case whole(count: Int)
    }

    package var name: String
    /// Thousandths of a core.
    package var vcpuMilli: Int64
    package var memoryMiB: Int64
    package var gpu: GPU
    /// The GPU models it accepts; empty means any. Without a GPU of its own it stands anywhere.
    package var models: Set<String>

    package init(name: String, vcpuMilli: Int64, memoryMiB: Int64, gpu: GPU = .none, models: Set<String> = []) {
        self.name = name
        self.vcpuMilli = vcpuMilli
        self.memoryMiB = memoryMiB
        self.gpu = gpu
        self.models = models
    }
}

extension PackingItem.GPU {
    /// Thousandths of devices in all.
    package var milli: Int {
        switch self {
        case .none: 0
        case .share(let milli): milli
        case .whole(let count): count * PackingNode.wholeDevice
        }
    }

    /// How many devices it stands on.
    var deviceCount: Int {
        switch self {
        case .none: 0
        case .share: 1
        case .whole(let count): count
        }
    }

    /// The thousandths it takes of each device it stands on.
    var perDevice: Int {
        switch self {
        case .none: 0
        case .share(let milli): milli
        case .whole: PackingNode.wholeDevice
        }
    }
}
