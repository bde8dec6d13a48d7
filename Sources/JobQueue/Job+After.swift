/// How a job must end for those after it to run.
public enum JobCondition: String, Sendable, CaseIterable {
    /// It is done.
    case succeeded
    /// It is dead, discarded or cancelled: the step back of a saga.
    case failed
    /// It has ended, in whatever way.
    case ended
}

/// A job that another one waits for.
struct Predecessor: Sendable {
    let jobID: Int64
    let condition: JobCondition
}

extension Job {
    /// The same job, not to be run before all of `jobIDs` have ended as `condition` says.
    ///
    /// Where one of them ends otherwise, this job is cancelled, and so are those that wait for its success. At most 1,000
    /// in all, and not for a job with a unique key.
    public func after(_ jobIDs: [Int64], when condition: JobCondition = .succeeded) -> Job {
        var job = self
        precondition(uniqueness == nil, "a job that waits for others has no unique key")
        job.predecessors += jobIDs.map { Predecessor(jobID: $0, condition: condition) }
        precondition(job.predecessors.count <= 1_000, "a job waits for at most 1,000 others")
        return job
    }
}
