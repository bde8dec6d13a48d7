package import CapacityAPI

/// Everything one step of the agent changed, to be written in one transaction before anything of it is acted upon.
package struct Changes: Equatable, Sendable {
    package struct Site: Equatable, Sendable {
        package var cursor: Int64
        package var reportSequence: Int64
    }

    package struct Instance: Equatable, Sendable {
        package var site: String
        package var assignment: AgentWire.Assignment
        package var phase: InstanceMachine.Phase
        /// Whether the assignment itself is new, and not only how far it has come.
        package var isNew: Bool
    }

    package struct Observed: Equatable, Sendable {
        package var site: String
        package var entry: Outbox.Entry
    }

    package struct Cut: Equatable, Sendable {
        package var sequence: Int64
        /// The report takes everything up to this number that is in none yet.
        package var upTo: Int64
    }

    package var sites: [String: Site] = [:]
    package var instances: [String: Instance] = [:]
    package var forgotten: Set<String> = []
    package var observed: [Observed] = []
    /// By site: the report that has arrived and can go.
    package var acknowledged: Set<String> = []
    package var cuts: [String: Cut] = [:]
    /// By site: the number the report on its way has now.
    package var renumbered: [String: Int64] = [:]
    package var clockOffset: Duration?

    package init() {}

    package var isEmpty: Bool { self == Changes() }
}
