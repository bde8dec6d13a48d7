import CapacityAPI
import CapacityModel
import CapacityStore

extension AgentWire.Assignment {
    init(_ record: AssignmentRecord) {
        self.init(
            sequence: record.sequence,
            instance: record.instance.text,
            order: record.order.text,
            host: record.host,
            epoch: record.epoch,
            desire: record.stop ? .stop : .run,
            startAt: record.startAt,
            endAt: record.endAt,
            graceSeconds: record.grace.wholeSeconds,
            image: record.spec.image,
            command: record.spec.command,
            environment: record.spec.environment,
            vcpuMilli: record.spec.resources.vcpuMilli,
            memoryMiB: record.spec.resources.memoryMiB,
            gpus: AgentWire.GPUs(record)
        )
    }
}

extension AgentWire.GPUs {
    /// `nil` where the spec asks for none.
    fileprivate init?(_ record: AssignmentRecord) {
        let unit = record.spec.resources
        guard unit.gpuUse != nil, let model = unit.gpuModel else { return nil }
        self.init(
            model: model, devices: record.devices, shareMilli: unit.gpuShareMilli > 0 ? unit.gpuShareMilli : nil)
    }
}

extension ObservationRecord {
    /// The most of a message that is kept.
    private static let messageBytes = 1_024

    /// `nil` where the instance's id was not made here.
    init?(_ observation: AgentWire.Observation) {
        guard let instance = InstanceID(text: observation.instance) else { return nil }
        let event: Instance.Event =
            switch observation.state {
            case .starting: .start
            case .ready: .ready
            case .stopped: .stopped
            case .failed: .fail
            }
        self.init(
            instance: instance, epoch: observation.epoch, event: event, at: observation.at,
            address: observation.address.map(ObservationRecord.storable),
            message: observation.message.map(ObservationRecord.storable),
            code: observation.code.flatMap { Instance.FailureCode(rawValue: $0) }
        )
    }

    /// `text` cut to what is kept, without zero bytes, which PostgreSQL has no text for.
    private static func storable(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0 != "\0" }).cut(toBytes: messageBytes)
    }
}
