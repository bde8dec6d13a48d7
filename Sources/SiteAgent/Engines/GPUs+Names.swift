package import CapacityAPI

/// The names by which an instance is told of its GPUs, and found again with them.
///
/// They are names and no more: which device files, drivers and libraries a container gets is up to the runtime of its machine.
extension AgentWire.GPUs {
    private enum Label {
        static let model = "muster.gpu-model"
        static let devices = "muster.gpu-devices"
        static let shareMilli = "muster.gpu-share-milli"
    }

    private var deviceList: String { devices.map(String.init).joined(separator: ",") }

    /// For the programs within: `MUSTER_GPU_DEVICES` are indices on the host, with commas; `MUSTER_GPU_SHARE_MILLI` is there only
    /// for a share of one device.
    package var environment: [String: String] {
        var environment = ["MUSTER_GPU_MODEL": model, "MUSTER_GPU_DEVICES": deviceList]
        environment["MUSTER_GPU_SHARE_MILLI"] = shareMilli.map { String($0) }
        return environment
    }

    /// For the machine's runtime, as a pod's annotations, and for the agent, as its labels.
    package var annotations: [String: String] {
        var annotations = [Label.model: model, Label.devices: deviceList]
        annotations[Label.shareMilli] = shareMilli.map { String($0) }
        return annotations
    }

    /// What such labels say; `nil` where they say nothing of GPUs, or what no agent wrote.
    package init?(labels: [String: String]) {
        guard let model = labels[Label.model], let list = labels[Label.devices] else { return nil }
        let texts = list.split(separator: ",", omittingEmptySubsequences: false)
        let devices = texts.compactMap { Int($0) }
        guard devices.count == texts.count else { return nil }
        self.init(model: model, devices: devices, shareMilli: labels[Label.shareMilli].flatMap(Int64.init))
    }
}
