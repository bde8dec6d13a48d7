/// What several worker processes have told so far, read as one curve of jobs over time.
struct Progress {
    private let processes: [WorkerProcess]
    private var curves: [[WorkerProcess.Sample]]

    init(_ processes: [WorkerProcess]) {
        self.processes = processes
        curves = processes.map { _ in [] }
    }

    mutating func read() async throws {
        for (index, process) in processes.enumerated() {
            curves[index] += try await process.samples()
        }
    }

    /// Jobs done by all of them, as far as is known.
    var total: Int { curves.reduce(0) { $0 + ($1.last?.count ?? 0) } }

    /// When the last of them had done its first job; `nil` while one has done none.
    var began: Int64? {
        let firsts = curves.compactMap { curve in curve.first { $0.count > 0 }?.nanoseconds }
        return firsts.count == curves.count ? firsts.max() : nil
    }

    /// Up to when all of them have told.
    var frontier: Int64 { curves.map { $0.last?.nanoseconds ?? 0 }.min() ?? 0 }

    /// Jobs a second between two instants.
    func rate(from start: Int64, to end: Int64) -> Double {
        let done = curves.reduce(0) { $0 + Self.count($1, at: end) - Self.count($1, at: start) }
        return done / (Double(end - start) / 1_000_000_000)
    }

    /// A straight line between the samples before and after.
    private static func count(_ curve: [WorkerProcess.Sample], at instant: Int64) -> Double {
        guard let next = curve.firstIndex(where: { $0.nanoseconds >= instant }) else {
            return Double(curve.last?.count ?? 0)
        }
        guard next > 0 else { return Double(curve[next].count) }
        let (before, after) = (curve[next - 1], curve[next])
        let share = Double(instant - before.nanoseconds) / Double(after.nanoseconds - before.nanoseconds)
        return Double(before.count) + share * Double(after.count - before.count)
    }
}

extension Progress {
    private static let warmUp: Int64 = 500_000_000
    private static let window: Int64 = 2_000_000_000
    private static let limit = Duration.seconds(60)

    /// Jobs a second of `processes` on a queue that held `jobs` when they began.
    ///
    /// Measured over two seconds, from half a second after all have begun, or until nine tenths of the queue are done.
    static func rate(of processes: [WorkerProcess], jobs: Int) async throws -> Double {
        try await withProcesses(processes) { processes in
            var progress = Progress(processes)
            let deadline = ContinuousClock.now + limit
            while ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
                try await progress.read()
                guard let start = progress.began.map({ $0 + warmUp }) else { continue }
                let isNearlyDry = progress.total >= jobs / 10 * 9
                guard isNearlyDry || progress.frontier >= start + window else { continue }
                let end = min(progress.frontier, start + window)
                guard end > start + window / 4 else {
                    throw BenchFailure("\(jobs) jobs are too few: they were done before a rate could be measured")
                }
                return progress.rate(from: start, to: end)
            }
            throw BenchFailure("worker processes have not done enough within \(limit)")
        }
    }
}
