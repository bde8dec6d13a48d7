import Metrics

/// Something a worker did or found. Metrics count these; tests wait for them.
package enum WorkerEvent: Sendable {
    case claimed(count: Int)
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

/// The counters of one worker. Names stay; see `JobQueue.md`.
struct WorkerMetrics: Sendable {
    private let claimed = Counter(label: "jobqueue_claimed_total")
    private let stale = Counter(label: "jobqueue_stale_total")
    private let rescued = Counter(label: "jobqueue_rescued_total")

    func record(_ event: WorkerEvent) {
        switch event {
        case .claimed(let count): claimed.increment(by: count)
        case .ended(_, let kind, let outcome): ended(kind, outcome)
        case .ran(let kind, let duration):
            Timer(label: "jobqueue_run_duration", dimensions: [("kind", kind)]).record(duration: duration)
        case .stale: stale.increment()
        case .rescued(let returned, let dead): rescued.increment(by: returned + dead)
        case .renewed, .pruned, .listening: break
        case .failed(let doing):
            Counter(label: "jobqueue_statement_failed_total", dimensions: [("statement", doing)]).increment()
        }
    }

    private func ended(_ kind: String, _ outcome: String) {
        Counter(label: "jobqueue_ended_total", dimensions: [("kind", kind), ("outcome", outcome)]).increment()
    }
}
