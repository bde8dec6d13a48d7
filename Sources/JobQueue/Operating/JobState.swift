public import Postgres

/// Where a job stands: on its way through the queue, or how it ended.
public enum JobState: String, Sendable, CaseIterable, PostgresDecodable {
    /// Waits for other jobs to end.
    case blocked
    /// Waits for its time.
    case scheduled
    /// Waits for a worker.
    case available
    case running
    case done
    /// Its handler gave it up.
    case discarded
    /// Its last attempt failed; it can be redriven.
    case dead
    case cancelled

    /// Whether the job will not run again by itself. Such jobs are in `queue.history`.
    public var isFinished: Bool {
        switch self {
        case .blocked, .scheduled, .available, .running: false
        case .done, .discarded, .dead, .cancelled: true
        }
    }
}
