/// Why the queue could not do what was asked of it.
public enum JobError: Error, Equatable, Sendable {
    /// The lease was lost: the job was rescued, cancelled or finished by somebody else. Stop; nothing was changed.
    case stale
    /// A job was to run after these, which do not exist or are forgotten already. Nothing was enqueued.
    case unknownPredecessors([Int64])
    /// The attempt took longer than its job allows.
    case timedOut(after: Duration)
    /// The payload was written by another version of the program than this handler can read.
    case unknownVersion(Int)
}
