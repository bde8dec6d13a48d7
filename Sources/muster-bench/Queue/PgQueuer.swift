/// PgQueuer, a queue for Python on PostgreSQL, as another process: `Scripts/lib/pgqueuer_worker.py` run by a Python that has it.
struct PgQueuer {
    private let python: String
    private let script: String

    /// `nil` where the environment does not name the Python and the script.
    init?() {
        guard let python = environment("MUSTER_PGQUEUER"), let script = environment("MUSTER_PGQUEUER_SCRIPT") else {
            return nil
        }
        (self.python, self.script) = (python, script)
    }

    /// Installs its tables and enqueues `count` jobs, by its own means.
    func fill(_ count: Int, in database: ArenaDatabase) async throws {
        let filler = try WorkerProcess(python, [script, "fill", database.name, "\(count)"])
        try await withProcesses([filler]) { processes in
            var progress = Progress(processes)
            try await wait(for: "PgQueuer has its jobs", atMost: .seconds(120), every: .milliseconds(50)) {
                try await progress.read()
                return progress.total == count
            }
        }
    }

    func start(_ count: Int, in database: ArenaDatabase) throws -> [WorkerProcess] {
        try (0..<count).map { _ in try WorkerProcess(python, [script, "work", database.name]) }
    }
}
