import Metrics
import Synchronization

/// The counters and timers of one worker. Names stay; see `JobQueue.md`.
///
/// Made once for each kind, because a metrics system may take its time to find them.
final class WorkerMetrics: Sendable {
    private struct Labels: Hashable {
        let name: String
        let dimensions: [String]
    }

    private let claimed = Counter(label: "jobqueue_claimed_total")
    private let stale = Counter(label: "jobqueue_stale_total")
    private let rescued = Counter(label: "jobqueue_rescued_total")
    private let counters = Mutex<[Labels: Counter]>([:])
    private let timers = Mutex<[Labels: Timer]>([:])

    func record(_ event: WorkerEvent) {
        switch event {
        case .claimed(let count): claimed.increment(by: count)
        case .started(let kind, let waited): timer("jobqueue_wait_duration", kind).record(duration: waited)
        case .ran(let kind, let duration): timer("jobqueue_run_duration", kind).record(duration: duration)
        case .ended(_, let kind, let outcome):
            counter("jobqueue_ended_total", [("kind", kind), ("outcome", outcome)]).increment()
        case .stale: stale.increment()
        case .rescued(let returned, let dead): rescued.increment(by: returned + dead)
        case .failed(let doing): counter("jobqueue_statement_failed_total", [("statement", doing)]).increment()
        case .renewed, .pruned, .listening: break
        }
    }

    private func counter(_ name: String, _ dimensions: [(String, String)]) -> Counter {
        counters.withLock { counters in
            let labels = Labels(name: name, dimensions: dimensions.map(\.1))
            if let counter = counters[labels] { return counter }
            let counter = Counter(label: name, dimensions: dimensions)
            counters[labels] = counter
            return counter
        }
    }

    private func timer(_ name: String, _ kind: String) -> Timer {
        timers.withLock { timers in
            let labels = Labels(name: name, dimensions: [kind])
            if let timer = timers[labels] { return timer }
            let timer = Timer(label: name, dimensions: [("kind", kind)])
            timers[labels] = timer
            return timer
        }
    }
}
