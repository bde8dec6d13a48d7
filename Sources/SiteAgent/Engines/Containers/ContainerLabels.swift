import CapacityAPI
import CapacityModel

/// What a pod is labelled with: enough to find it again, and to end it on time, without any other record.
enum ContainerLabels {
    static let instance = "muster.instance"
    static let site = "muster.site"
    static let epoch = "muster.epoch"
    static let order = "muster.order"
    static let end = "muster.end"
    static let grace = "muster.grace"
    /// The same on all pods of Muster, so that one question lists them.
    static let managed = ["muster.managed": "true"]

    static func labels(for assignment: AgentWire.Assignment, at site: String) -> [String: String] {
        managed.merging([
            instance: assignment.instance,
            Self.site: site,
            epoch: String(assignment.epoch),
            order: assignment.order,
            end: assignment.endAt.description,
            grace: String(assignment.graceSeconds),
        ]) { _, new in new }
    }

    /// The instance that `labels` describe, in `state`; `nil` for labels Muster did not write.
    static func existing(_ labels: [String: String], state: Existing.State) -> Existing? {
        guard let instance = labels[instance], let site = labels[site], let end = labels[end].flatMap(Instant.init)
        else { return nil }
        return Existing(
            instance: instance, site: site, order: labels[order] ?? "", epoch: labels[epoch].flatMap(Int64.init) ?? 0,
            endAt: end, graceSeconds: labels[grace].flatMap(Int64.init) ?? 0, state: state
        )
    }
}
