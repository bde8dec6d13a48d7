import FoundationEssentials
import Subprocess

/// A program run to its end.
struct Command {
    struct Outcome {
        /// What it exited with; `nil` when a signal ended it.
        let status: Int32?
        let output: String
        let complaint: String
    }

    /// A program and its arguments.
    let words: [String]
    var environment: [String: String] = [:]

    private static let outputLimit = 16 << 20

    func run() async throws -> Outcome {
        let result = try await Subprocess.run(
            .name(Self.guardian[0]), arguments: Arguments(Self.guardian.dropFirst() + words),
            environment: .inherit(with: environment),
            output: .string(limit: Self.outputLimit), error: .string(limit: Self.outputLimit)
        )
        return Outcome(
            status: result.terminationStatus.code, output: result.standardOutput, complaint: result.standardError
        )
    }

    /// What the programs of a story run under: should this process die, in whatever way, the kernel kills them.
    static let guardian = ["setpriv", "--pdeathsig", "KILL", "--"]

    /// Where a program of this package lies: beside the tests.
    static func path(of program: String) throws -> String {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = tests.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/" + program
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Complaint("no program \(path)") }
        return path
    }
}

extension Environment {
    static func inherit(with more: [String: String]) -> Environment {
        .inherit.updating(Dictionary(uniqueKeysWithValues: more.map { (Key(stringLiteral: $0.key), $0.value) }))
    }
}

extension TerminationStatus {
    /// What was exited with; `nil` when a signal ended it.
    var code: Int32? {
        switch self {
        case .exited(let code): code
        case .signaled: nil
        }
    }
}
