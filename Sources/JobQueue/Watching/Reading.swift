import Metrics

/// The value of one gauge at one moment.
struct Reading: Equatable, Sendable {
    struct Name: Hashable, Sendable {
        let label: String
        var queue: String?
        var state: String?
    }

    let name: Name
    let value: Double

    init(name: Name, value: Double) {
        self.name = name
        self.value = value
    }

    private init(_ label: String, _ depth: QueueDepth, state: String? = nil, _ value: Double) {
        name = Name(label: label, queue: depth.queue, state: state)
        self.value = value
    }

    func record(in factory: any MetricsFactory = MetricsSystem.factory) {
        let dimensions = [("queue", name.queue), ("state", name.state)]
        let known = dimensions.compactMap { key, value in value.map { (key, $0) } }
        Gauge(label: name.label, dimensions: known, factory: factory).record(value)
    }
}

extension Reading {
    static func of(_ holder: SnapshotHolder?) -> [Reading] {
        [
            Reading(name: Name(label: "jobqueue_oldest_snapshot_seconds"), value: holder?.heldSeconds ?? 0),
            Reading(name: Name(label: "jobqueue_oldest_snapshot_xids"), value: Double(holder?.xidCount ?? 0)),
        ]
    }

    static func of(_ depth: QueueDepth) -> [Reading] {
        [
            Reading("jobqueue_depth", depth, state: "blocked", Double(depth.blockedCount)),
            Reading("jobqueue_depth", depth, state: "scheduled", Double(depth.scheduledCount)),
            Reading("jobqueue_depth", depth, state: "available", Double(depth.availableCount)),
            Reading("jobqueue_depth", depth, state: "running", Double(depth.runningCount)),
            Reading("jobqueue_oldest_available_seconds", depth, depth.oldestAvailableSeconds ?? 0),
            Reading("jobqueue_dead", depth, Double(depth.deadCount)),
            Reading("jobqueue_paused", depth, depth.isPaused ? 1 : 0),
        ]
    }
}

extension [Reading] {
    /// These, and zero for the `known` gauges that are not among them: a queue that is empty is not read any more, and
    /// its gauges would keep their last values for ever.
    func zeroing(_ known: Set<Reading.Name>) -> [Reading] {
        self + known.subtracting(map(\.name)).map { Reading(name: $0, value: 0) }
    }
}
