import Glibc

/// What a bench says at its end, and how it speaks before.
enum BenchReport {
    static func write(_ bench: String, _ results: [BenchResult]) {
        print(results.table)
        print(results.line(bench: bench, commit: commit()))
    }

    /// Progress and context, for people; to standard error, so that the last line of standard output stays the result.
    static func note(_ text: String) {
        let line = Array((text + "\n").utf8)
        // What cannot be said is not worth ending a measurement for.
        _ = Glibc.write(STDERR_FILENO, line, line.count)
    }

    /// The commit being measured: what the environment says, else what git says here.
    private static func commit() -> String {
        if let commit = environment("MUSTER_COMMIT") { return commit }
        guard let pipe = popen("git rev-parse --short HEAD 2>/dev/null", "r") else { return "unknown" }
        defer { pclose(pipe) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, Int32(line.count), pipe) != nil else { return "unknown" }
        let hash = String(decoding: line.prefix { $0 > 32 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return hash.isEmpty ? "unknown" : hash
    }
}

/// A bench that could not be run: what was expected, what was found.
struct BenchFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// The value of an environment variable, `nil` where it is unset or empty.
func environment(_ name: String) -> String? {
    guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return nil }
    return value
}

func required(_ name: String) throws(BenchFailure) -> String {
    guard let value = environment(name) else { throw BenchFailure("\(name) is not set; Scripts/bench sets it") }
    return value
}

/// The value at `share` of `values`, by nearest rank; 0 where there is none.
func percentile(_ values: [Double], _ share: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let rank = Int((share * Double(values.count)).rounded(.up))
    return values.sorted()[min(max(rank, 1), values.count) - 1]
}

/// Asks again and again until `condition` holds; fails, saying `what` was waited for, when `limit` is over.
func wait(
    for what: String,
    atMost limit: Duration,
    every pause: Duration = .milliseconds(500),
    until condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard .now < deadline else { throw BenchFailure("\(what): not within \(limit)") }
        try await Task.sleep(for: pause)
    }
}
