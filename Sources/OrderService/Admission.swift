import CapacityAPI
import Synchronization

/// Counts the requests being answered and refuses those above the limit at once: a full service that says so is
/// better than one that queues without end.
final class Admission: Sendable {
    struct Limits: Sendable {
        /// Requests that wait for the database.
        var prompt = 512
        /// Long polls and event streams.
        var waiting = 20_000
    }

    private let limits: Limits
    private let counts = Mutex((prompt: 0, waiting: 0))

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Takes a place of that pace, or throws `too-many-requests`. Give it back with `leave`.
    func enter(_ pace: Endpoint.Pace) throws(Problem) {
        let admitted = counts.withLock { counts in
            switch pace {
            case .prompt:
                guard counts.prompt < limits.prompt else { return false }
                counts.prompt += 1
            case .waiting:
                guard counts.waiting < limits.waiting else { return false }
                counts.waiting += 1
            case .always:
                break
            }
            return true
        }
        guard admitted else { throw Problem(.tooManyRequests, detail: "the service is full; try again in a second") }
    }

    func leave(_ pace: Endpoint.Pace) {
        counts.withLock { counts in
            switch pace {
            case .prompt: counts.prompt -= 1
            case .waiting: counts.waiting -= 1
            case .always: break
            }
        }
    }

    /// How many are inside now.
    var inside: (prompt: Int, waiting: Int) { counts.withLock { $0 } }
}
