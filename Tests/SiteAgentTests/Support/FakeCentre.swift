import CapacityAPI
import CapacityModel

@testable import SiteAgent

/// A centre in memory: hands out rows by cursor, counts each report once, and can be cut off.
final class FakeCentre: Centre {
    struct Site: Sendable {
        var rows: [AgentWire.Assignment] = []
        var reportSequence: Int64 = 0
        var observations: [AgentWire.Observation] = []
        var inventories: [[String]] = []
    }

    struct State: Sendable {
        var sites: [String: Site]
        var isCutOff = false
        /// Acknowledgements still to be lost on the way back.
        var lostAnswers = 0
        /// Every report as it came in, repeated ones too.
        var arrivals: [AgentWire.Report] = []
        var asked: [Int64] = []
        /// How many observations of each state were counted.
        var counts: [AgentWire.Observation.State: Int] = [:]

        var observed: [String] { sites.keys.sorted().flatMap { sites[$0]?.observations.map(\.short) ?? [] } }
    }

    let state: Watched<State>
    private let timekeeper: ManualTimekeeper

    init(sites: [String] = ["s"], timekeeper: ManualTimekeeper) {
        state = Watched(State(sites: Dictionary(uniqueKeysWithValues: sites.map { ($0, Site()) })))
        self.timekeeper = timekeeper
    }

    /// Adds rows to a site; those of one instance replace the older ones, as in the real table.
    func assign(_ rows: [AgentWire.Assignment], to site: String = "s") {
        state.change { state in
            let ids = Set(rows.map(\.instance))
            state.sites[site]?.rows.removeAll { ids.contains($0.instance) }
            state.sites[site]?.rows += rows
        }
    }

    func join(_ request: AgentWire.Join) async throws(CentreFailure) -> AgentWire.Joined {
        let state = try reached()
        let sites = state.sites.keys.sorted().map { name in
            AgentWire.Joined.Site(name: name, reportSequence: state.sites[name]?.reportSequence ?? 0)
        }
        return AgentWire.Joined(sites: sites, now: timekeeper.wall)
    }

    func inventory(_ inventory: AgentWire.Inventory, of site: String) async throws(CentreFailure) {
        _ = try reached()
        state.change { $0.sites[site]?.inventories.append(inventory.instances) }
    }

    func assignments(
        of site: String, after sequence: Int64, waitSeconds: Int64
    ) async throws(CentreFailure) -> AgentWire.Assignments {
        _ = try reached()
        state.change { $0.asked.append(sequence) }
        let isNews: @Sendable (State) -> Bool = { state in
            state.isCutOff || state.sites[site]?.rows.contains { $0.sequence > sequence } ?? true
        }
        if waitSeconds > 0 { await state.wait(until: isNews) }
        let state = try reached()
        let rows = (state.sites[site]?.rows ?? []).filter { $0.sequence > sequence }
            .sorted { $0.sequence < $1.sequence }
        return AgentWire.Assignments(assignments: rows, now: timekeeper.wall, more: false)
    }

    func report(_ report: AgentWire.Report, of site: String) async throws(CentreFailure) -> AgentWire.Reported {
        _ = try reached()
        let (sequence, isLost) = state.change { state in
            state.arrivals.append(report)
            if report.sequence == (state.sites[site]?.reportSequence ?? 0) + 1 {
                state.sites[site]?.reportSequence = report.sequence
                state.sites[site]?.observations += report.observations
                for observation in report.observations { state.counts[observation.state, default: 0] += 1 }
            }
            state.lostAnswers -= 1
            return (state.sites[site]?.reportSequence ?? 0, state.lostAnswers >= 0)
        }
        if isLost { throw .unreachable("the answer was lost") }
        return AgentWire.Reported(sequence: sequence, now: timekeeper.wall)
    }

    private func reached() throws(CentreFailure) -> State {
        let state = state.value
        if state.isCutOff { throw .unreachable("cut off") }
        return state
    }
}
