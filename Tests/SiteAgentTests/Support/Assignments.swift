import CapacityAPI
import CapacityModel

extension Instant {
    /// Where tests' clocks start: 2026-06-17T12:00:00Z.
    static let noon = Instant(secondsSinceEpoch: 1_781_697_600)

    static func noon(plus seconds: Int64) -> Instant { noon + .seconds(seconds) }
}

extension AgentWire.Assignment {
    /// An assignment of `instance`, from noon for an hour with a minute's grace unless told otherwise.
    static func sample(
        _ instance: String,
        sequence: Int64 = 1,
        epoch: Int64 = 1,
        desire: AgentWire.Desire = .run,
        start: Instant = .noon,
        end: Instant = .noon(plus: 3_600),
        graceSeconds: Int64 = 60,
        gpus: AgentWire.GPUs? = nil
    ) -> AgentWire.Assignment {
        AgentWire.Assignment(
            sequence: sequence, instance: instance, order: "order-1", host: "host-1", epoch: epoch, desire: desire,
            startAt: start, endAt: end, graceSeconds: graceSeconds, image: "muster.local/probe:1", command: [],
            environment: ["A": "1"], vcpuMilli: 50, memoryMiB: 16, gpus: gpus
        )
    }
}

extension AgentWire.Observation {
    /// State and instance, as `ready a`: what a test compares.
    var short: String { "\(state.rawValue) \(instance)" }
}
