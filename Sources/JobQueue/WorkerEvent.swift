/// Something a worker did or found. Metrics count these; tests wait for them.
package enum WorkerEvent: Sendable {
    case claimed(count: Int)
    /// An attempt begins; its job could have run this long ago.
    case started(kind: String, waited: Duration)
    /// A heartbeat prolonged so many leases.
    case renewed(count: Int)
    /// How an attempt ended is stored.
    case ended(jobID: Int64, kind: String, outcome: String)
    /// The handler returned after so long.
    case ran(kind: String, Duration)
    /// What an attempt said about its job was refused, or not even sent: its lease was lost.
    case stale(jobID: Int64)
    /// Jobs of lost workers were taken from them.
    case rescued(returned: Int, dead: Int)
    case pruned(count: Int)
    /// LISTEN is in place, for the first time or again.
    case listening
    /// A statement of the worker's own failed; the work it was for is tried again.
    case failed(doing: String)
}
