/// Why the queue could not do what was asked of it.
public enum JobError: Error, Equatable, Sendable {
    /// The lease was lost: the job was rescued, cancelled or finished by somebody else. Stop; nothing was changed.
    case stale
}
