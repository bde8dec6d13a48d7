package import CapacityAPI

/// The centre as an agent sees it: four calls, each of which may be made again.
package protocol Centre: Sendable {
    func join(_ request: AgentWire.Join) async throws(CentreFailure) -> AgentWire.Joined
    func inventory(_ inventory: AgentWire.Inventory, of site: String) async throws(CentreFailure)
    func assignments(
        of site: String, after sequence: Int64, waitSeconds: Int64
    ) async throws(CentreFailure) -> AgentWire.Assignments
    func report(_ report: AgentWire.Report, of site: String) async throws(CentreFailure) -> AgentWire.Reported
}

/// Why a call to the centre gave nothing of use.
package enum CentreFailure: Error, Equatable, Sendable {
    /// No answer, or one from something in between. It says nothing about the centre's mind.
    case unreachable(String)
    /// The key is not known or may not do this. A person must look.
    case unauthorized(String)
    /// The centre answered and said no.
    case refused(String)
    /// The agent is stopping.
    case cancelled
}

extension CentreFailure {
    /// How long to wait after this failure, where the last `failures` calls failed. A wrong key is tried slowly.
    func wait(afterFailures failures: Int) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return switch self {
        case .unreachable, .cancelled: Backoff.centre.wait(afterFailures: failures, using: &generator)
        case .unauthorized, .refused: Backoff.refused.wait(afterFailures: failures, using: &generator)
        }
    }
}

extension Backoff {
    /// For calls the centre refused: trying again at once would be refused again.
    package static let refused = Backoff(first: .seconds(2), limit: .seconds(30))
}

extension CentreFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let text): "the centre cannot be reached: \(text)"
        case .unauthorized(let text): "the centre does not accept the agent's key: \(text)"
        case .refused(let text): "the centre refused: \(text)"
        case .cancelled: "the agent is stopping"
        }
    }
}
