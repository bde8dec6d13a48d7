import CapacityAPI

@testable import SiteAgent

/// An engine in memory that outlives the agents that use it, as containers do, and does wrong when told to.
final class FakeEngine: Engine {
    struct State: Sendable {
        var instances: [String: Existing] = [:]
        var starts: [String] = []
        var stops: [String] = []
        var isAway = false
        /// Instances whose start is refused after something was half made.
        var refused: Set<String> = []
        /// Instances that do not obey the stop signal.
        var stubborn: Set<String> = []

        var running: [String] { instances.keys.sorted() }
    }

    let name = "fake"
    let concurrency = 4
    let state = Watched(State())

    func start(_ assignment: AgentWire.Assignment, at site: String) async throws(EngineFailure) -> String? {
        let failure: EngineFailure? = state.change { state in
            if state.isAway { return .unreachable("away") }
            let instance = assignment.instance
            state.starts.append(instance)
            if state.refused.contains(instance) {
                state.instances[instance] = Existing(assignment, at: site, state: .broken("half made"))
                return .refused("no such image")
            }
            let address = "10.0.0.\(state.starts.count)"
            state.instances[instance] = Existing(assignment, at: site, state: .running(address: address))
            return nil
        }
        if let failure { throw failure }
        return "10.0.0.\(state.value.starts.count)"
    }

    func stop(_ instance: String, grace: Duration) async throws(EngineFailure) -> Halt {
        let halt: Halt? = state.change { state in
            if state.isAway { return nil }
            state.stops.append(instance)
            if grace > .zero, state.stubborn.contains(instance) { return .lingering }
            state.instances[instance] = nil
            return .gone
        }
        guard let halt else { throw .unreachable("away") }
        return halt
    }

    func list() async throws(EngineFailure) -> [Existing] {
        let state = state.value
        if state.isAway { throw .unreachable("away") }
        return Array(state.instances.values)
    }
}
