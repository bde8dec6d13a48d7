import Metrics

/// The value of one gauge at one moment.
struct Reading: Equatable, Sendable {
    struct Name: Hashable, Sendable {
        let label: String
        /// By their keys.
        var dimensions: [String: String] = [:]
    }

    let name: Name
    let value: Double

    init(name: Name, value: Double) {
        self.name = name
        self.value = value
    }

    private init(_ label: String, _ depth: QueueDepth, state: String? = nil, _ value: Double) {
        name = Name(label: label, dimensions: ["queue": depth.queue, "state": state].compactMapValues { $0 })
        self.value = value
    }

    func record(in factory: any MetricsFactory = MetricsSystem.factory) {
        let dimensions = name.dimensions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        Gauge(label: name.label, dimensions: dimensions, factory: factory).record(value)
    }
}

extension Reading {
    /// What is known of the holder, under who it is. A process has its number for a value, because as a dimension each would be a
    /// gauge of its own for ever.
    static func of(_ holder: SnapshotHolder) -> [Reading] {
        let values: [(unit: String, value: Double?)] = [
            ("seconds", holder.heldSeconds), ("xids", Double(holder.xidCount)), ("pid", holder.pid.map(Double.init)),
        ]
        return values.compactMap { unit, value in
            let name = Name(label: "jobqueue_oldest_snapshot_\(unit)", dimensions: holder.dimensions)
            return value.map { Reading(name: name, value: $0) }
        }
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
    /// These, and zero for the `known` gauges that are not among them: a queue that is empty is not read any more, nor is who
    /// holds nothing any more, and their gauges would keep their last values for ever.
    func zeroing(_ known: Set<Reading.Name>) -> [Reading] {
        self + known.subtracting(map(\.name)).map { Reading(name: $0, value: 0) }
    }
}
