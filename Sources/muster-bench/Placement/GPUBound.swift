import Glibc

/// The most GPUs that pods can have on some of the nodes, by a linear program: `Scripts/lib/gpu_bound.py`, run by a Python
/// that has the solver HiGHS.
struct GPUBound {
    private let python: String
    private let script: String

    /// `nil`, and it is said, where the environment does not name the Python and the script.
    init?() {
        guard let python = environment("MUSTER_HIGHS"), let script = environment("MUSTER_GPU_BOUND") else {
            BenchReport.note("no gpu.vs_lp: HiGHS is missing; Scripts/bench installs it with pip")
            return nil
        }
        (self.python, self.script) = (python, script)
    }

    /// `nil`, and it is said, where the solver has no answer: a wrong one would be worse.
    func most(of pods: String, on nodes: String, every: Int) -> Double? {
        let words = [python, script, nodes, pods, String(every)]
        guard let pipe = popen(words.map(Self.quoted).joined(separator: " "), "r") else {
            BenchReport.note("no gpu.vs_lp: \(python) cannot be run")
            return nil
        }
        var line = [CChar](repeating: 0, count: 128)
        let isRead = fgets(&line, Int32(line.count), pipe) != nil
        let status = pclose(pipe)
        let text = String(decoding: line.prefix { $0 > 32 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard isRead, status == 0, let milli = Double(text) else {
            BenchReport.note("no gpu.vs_lp: \(script) ended with status \(status)")
            return nil
        }
        return milli / 1_000
    }

    /// For a shell.
    private static func quoted(_ word: String) -> String {
        "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
