import Metrics

/// The counters and timers of one worker, made once: a metrics system may take its time to find them. Names stay; see
/// `JobQueue.md`.
struct WorkerMetrics: Sendable {
    private struct OfKind: Sendable {
        let waited: Timer
        let ran: Timer
        /// By the word for how an attempt ended.
        let ended: [String: Counter]

        init(_ kind: String) {
            waited = Timer(label: "jobqueue_wait_duration", dimensions: [("kind", kind)])
            ran = Timer(label: "jobqueue_run_duration", dimensions: [("kind", kind)])
            let counters = Settlement.Verdict.words.map { word in
                (word, Counter(label: "jobqueue_ended_total", dimensions: [("kind", kind), ("outcome", word)]))
            }
            ended = Dictionary(uniqueKeysWithValues: counters)
        }
    }

    private let claimed = Counter(label: "jobqueue_claimed_total")
    private let stale = Counter(label: "jobqueue_stale_total")
    private let rescued = Counter(label: "jobqueue_rescued_total")
    private let ofKinds: [String: OfKind]

    init(kinds: [String]) {
        ofKinds = Dictionary(uniqueKeysWithValues: kinds.map { ($0, OfKind($0)) })
    }

    func record(_ event: WorkerEvent) {
        switch event {
        case .claimed(let count): claimed.increment(by: count)
        case .started(let kind, let waited): ofKinds[kind]?.waited.record(duration: waited)
        case .ran(let kind, let duration): ofKinds[kind]?.ran.record(duration: duration)
        case .ended(_, let kind, let outcome): ofKinds[kind]?.ended[outcome]?.increment()
        case .stale: stale.increment()
        case .rescued(let returned, let dead): rescued.increment(by: returned + dead)
        case .failed(let doing):
            Counter(label: "jobqueue_statement_failed_total", dimensions: [("statement", doing)]).increment()
        case .renewed, .pruned, .listening: break
        }
    }
}
