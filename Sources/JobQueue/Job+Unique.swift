/// What keeps a job from being enqueued twice.
struct Uniqueness: Sendable {
    enum Conflict: Sendable {
        case keep
        case replace
    }

    var key: String
    var conflict = Conflict.keep
    /// How long the key stays taken, whatever becomes of the job; `nil`: until the job is finished.
    var window: Duration?
}

extension Job {
    /// The same job, at most once in `window` under `key`, counted from the first and however soon it is finished.
    ///
    /// The key is one of its own: it does not meet those of ``init(_:_:queue:priority:runAt:maxAttempts:uniqueKey:tenant:timeout:trace:)``.
    public func unique(_ key: String, within window: Duration) -> Job {
        precondition(window > .zero, "a window is above zero")
        precondition(predecessors.isEmpty, "a job that waits for others has no unique key")
        var job = self
        job.uniqueness = Uniqueness(key: key, window: window)
        return job
    }

    /// The same job, taking the place of the waiting one with its unique key: payload, priority, moment, attempts.
    ///
    /// A job that is running already is left alone, and nothing is added: see ``JobQueue/JobQueue/hasten(uniqueKeys:in:)``. So is
    /// one that waits in another queue. Of several with one key in a call the first takes the place.
    public func replacing() -> Job {
        guard var uniqueness, uniqueness.window == nil else {
            preconditionFailure("only a job with a unique key can replace another")
        }
        uniqueness.conflict = .replace
        var job = self
        job.uniqueness = uniqueness
        return job
    }
}
