import CapacityAPI
import CapacityModel

/// What a pod is labelled with: enough to find it again, and to end it on time, without any other record.
enum ContainerLabels {
    static let instance = "muster.instance"
    static let site = "muster.site"
    static let host = "muster.host"
    static let epoch = "muster.epoch"
    static let order = "muster.order"
    static let end = "muster.end"
    static let grace = "muster.grace"
    /// The same on all pods of Muster, so that one question lists them.
    static let managed = ["muster.managed": "true"]

    static func labels(for assignment: AgentWire.Assignment, at site: String) -> [String: String] {
        let labels = [
            instance: assignment.instance,
            Self.site: site,
            host: assignment.host,
            epoch: String(assignment.epoch),
            order: assignment.order,
            end: assignment.endAt.description,
            grace: String(assignment.graceSeconds),
        ]
        return [managed, assignment.gpus?.annotations ?? [:]].reduce(labels) { $0.merging($1) { known, _ in known } }
    }

    /// The instance that `labels` describe, in `state`; `nil` for labels Muster did not write.
    static func existing(_ labels: [String: String], state: Existing.State) -> Existing? {
        guard let instance = labels[instance], let site = labels[site], let end = labels[end].flatMap(Instant.init)
        else { return nil }
        return Existing(
            instance: instance, site: site, host: labels[host] ?? "", order: labels[order] ?? "",
            epoch: labels[epoch].flatMap(Int64.init) ?? 0, endAt: end,
            graceSeconds: labels[grace].flatMap(Int64.init) ?? 0, gpus: AgentWire.GPUs(labels: labels), state: state
        )
    }
}
