public import FoundationEssentials

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

    /// The version of ``Payload``, stored with each job. Raise it when an old payload can no longer be decoded as the new
    /// one, and say in ``upgrade(_:from:)`` how it is read. A worker that meets a newer version than its own leaves the
    /// job to a newer worker, uncharged.
    static var version: Int { get }

    /// How long a failed attempt waits for the next.
    static var backoff: Backoff { get }

    /// The payload that `json`, written under an older version, means today.
    ///
    /// - Throws: What makes it a failed attempt; by default ``JobError/unknownVersion(_:)``.
    static func upgrade(_ json: Data, from version: Int) throws -> Payload

    /// Runs one attempt. A thrown error is a failed attempt: retried after ``backoff``, or dead after the last.
    ///
    /// The task is cancelled when the lease is lost, when the job is cancelled, when the job's time is up, or at the end of
    /// a graceful stop.
    func run(_ payload: Payload, _ context: JobContext) async throws -> JobOutcome
}

extension JobHandler {
    public static var version: Int { 1 }

    public static var backoff: Backoff { Backoff() }

    public static func upgrade(_ json: Data, from version: Int) throws -> Payload {
        throw JobError.unknownVersion(version)
    }
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
