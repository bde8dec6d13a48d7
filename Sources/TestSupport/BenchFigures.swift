import FoundationEssentials
import Glibc

/// What a test measured in the long form that a script of `Scripts/bench` runs, a JSON object a line, in the file that
/// `MUSTER_FIGURES` names.
package enum BenchFigures {
    private struct Figure: Encodable {
        let key: String
        let value: Double
        let unit: String
        let goal: Double?
        let holds: Bool?
    }

    private struct Unwritable: Error {
        let path: String
        let code: Int32
    }

    /// Notes one figure. Once named, a key stays: figures are compared over months by it.
    ///
    /// - Parameter goal: What the value is held against, where it is.
    package static func note(_ key: String, _ value: Double, _ unit: String, atMost goal: Double? = nil) throws {
        guard let path = ProcessInfo.processInfo.environment["MUSTER_FIGURES"], !path.isEmpty else { return }
        let thousandths = (value * 1_000).rounded() / 1_000
        let figure = Figure(key: key, value: thousandths, unit: unit, goal: goal, holds: goal.map { value <= $0 })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = try encoder.encode(figure) + [UInt8(ascii: "\n")]
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
        defer { close(file) }
        guard line.withUnsafeBytes({ write(file, $0.baseAddress, $0.count) }) == line.count else {
            throw Unwritable(path: path, code: errno)
        }
    }
}
