import JobQueue

/// One attempt at a job that a test ran.
public struct Attempt: Sendable, Equatable {
    /// How an attempt ended.
    public enum Outcome: String, Sendable {
        case done
        case discarded
        /// To be tried again later.
        case failed
        /// Failed for the last time.
        case dead
        case snoozed
        /// Written by a newer program; left to a newer worker.
        case postponed
        /// The task of the test was cancelled.
        case handedBack = "handed_back"
        /// The job was cancelled, or taken by others, while its handler ran.
        case stale
    }

    public let jobID: Int64
    public let kind: String
    public let queue: String
    /// 1 for the first.
    public let number: Int
    public let outcome: Outcome
    /// What was thrown, or why it was discarded.
    public let reason: String?

    init(_ run: SingleRun) {
        guard let outcome = Outcome(rawValue: run.outcome) else {
            preconditionFailure("the queue has an outcome that its test helpers do not know: \(run.outcome)")
        }
        jobID = run.jobID
        kind = run.kind
        queue = run.queue
        number = run.attempt
        self.outcome = outcome
        reason = run.reason
    }
}

/// More jobs could be run than a test allows; most often one enqueues itself, or snoozes for no time.
public struct Endless: Error, Sendable, Equatable, CustomStringConvertible {
    public let limit: Int
    /// The last that ran.
    public let last: Attempt

    public var description: String {
        "after \(limit) attempts there were still jobs to run; the last was \(last.jobID) of kind \(last.kind)"
    }
}
