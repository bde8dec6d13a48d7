import Metrics

/// The counters and timers of one worker, made once: a metrics system may take its time to find them. Names stay; see
/// `JobQueue.md`.
struct WorkerMetrics: Sendable {
    private struct OfKind: Sendable {
        let waited: Timer
        let ran: Timer
        /// By the word for how an attempt ended.
        let ended: [String: Counter]

        init(_ kind: String, _ factory: any MetricsFactory) {
            let ofKind = [("kind", kind)]
            waited = Timer(label: "jobqueue_wait_duration", dimensions: ofKind, factory: factory)
            ran = Timer(label: "jobqueue_run_duration", dimensions: ofKind, factory: factory)
            let counters = Settlement.Verdict.words.map { word in
                (word, Self.ended(kind, word, factory))
            }
            ended = Dictionary(uniqueKeysWithValues: counters)
        }

        /// Made anew for jobs of kinds that a worker does not run, and which it buries for others.
        static func ended(_ kind: String, _ outcome: String, _ factory: any MetricsFactory) -> Counter {
            let dimensions = [("kind", kind), ("outcome", outcome)]
            return Counter(label: "jobqueue_ended_total", dimensions: dimensions, factory: factory)
        }
    }

    private let claimed: Counter
    private let stale: Counter
    private let rescued: Counter
    private let ofKinds: [String: OfKind]
    private let factory: any MetricsFactory

    init(kinds: [String], factory: any MetricsFactory = MetricsSystem.factory) {
        claimed = Counter(label: "jobqueue_claimed_total", factory: factory)
        stale = Counter(label: "jobqueue_stale_total", factory: factory)
        rescued = Counter(label: "jobqueue_rescued_total", factory: factory)
        ofKinds = Dictionary(uniqueKeysWithValues: kinds.map { ($0, OfKind($0, factory)) })
        self.factory = factory
    }

    func record(_ event: WorkerEvent) {
        switch event {
        case .claimed(let count): claimed.increment(by: count)
        case .started(let kind, let waited): ofKinds[kind]?.waited.record(duration: waited)
        case .ran(let kind, let duration): ofKinds[kind]?.ran.record(duration: duration)
        case .ended(_, let kind, let outcome):
            (ofKinds[kind]?.ended[outcome] ?? OfKind.ended(kind, outcome, factory)).increment()
        case .stale: stale.increment()
        case .rescued(let returned, let dead): rescued.increment(by: returned + dead)
        case .failed(let doing):
            let dimensions = [("statement", doing)]
            Counter(label: "jobqueue_statement_failed_total", dimensions: dimensions, factory: factory).increment()
        case .renewed, .pruned, .listening: break
        }
    }
}
