package import CapacityAPI

/// What an earlier life of the agent left in the offline store.
package struct Restored: Equatable, Sendable {
    package struct Site: Equatable, Sendable {
        package var cursor: Int64
        package var outbox: Outbox

        package init(cursor: Int64, outbox: Outbox) {
            self.cursor = cursor
            self.outbox = outbox
        }
    }

    package struct Instance: Equatable, Sendable {
        package var site: String
        package var assignment: AgentWire.Assignment
        package var phase: InstanceMachine.Phase

        package init(site: String, assignment: AgentWire.Assignment, phase: InstanceMachine.Phase) {
            self.site = site
            self.assignment = assignment
            self.phase = phase
        }
    }

    package var sites: [String: Site] = [:]
    package var instances: [Instance] = []
    package var lastNumber: Int64 = 0
    package var clockOffset: Duration?

    package init() {}

    /// What ran, for an engine that kept it in the memory that is gone.
    package var running: [Existing] {
        instances.compactMap { instance in
            guard case .running(let address) = instance.phase else { return nil }
            return Existing(instance.assignment, at: instance.site, state: .running(address: address))
        }
    }
}
