/// Code that runs one kind of job.
///
/// A job runs *at least* once: a worker that is lost after its handler's effects but before "done" is stored leaves the
/// job to the next one. Make the effects repeatable, or put them and "done" into one transaction with
/// ``JobContext/complete(in:_:)``.
public protocol JobHandler: Sendable {
    associatedtype Payload: Codable & Sendable

    /// The name under which jobs of this handler are stored, such as `order.deliver`. Workers claim only kinds they
    /// know.
    static var kind: String { get }

    /// How long a failed attempt waits for the next.
    static var backoff: Backoff { get }

    /// Runs one attempt. A thrown error is a failed attempt: retried after ``backoff``, or dead after the last.
    ///
    /// The task is cancelled when the lease is lost, when the job is cancelled, or at the end of a graceful stop.
    func run(_ payload: Payload, _ context: JobContext) async throws -> JobOutcome
}

extension JobHandler {
    public static var backoff: Backoff { Backoff() }
}

/// How an attempt ended that did not throw.
public enum JobOutcome: Sendable, Equatable {
    /// The work is finished.
    case done

    /// Run again after this long, with all attempts ahead again. A periodic job is one that always answers so.
    case snooze(Duration)

    /// Never run again, and say why. Not a failure: the work turned out to be pointless.
    case discard(reason: String)
}
