import Subprocess

/// A program of the system, run to its end.
enum Tool {
    /// Runs `words`, and throws what it complained of where it fails or is missing: a fault that cannot be brought
    /// about is a test that fails, not one that passes.
    static func run(_ words: [String]) async throws {
        let outcome: ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>
        do {
            outcome = try await Subprocess.run(
                .name(words[0]), arguments: Arguments(Array(words.dropFirst())),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
            )
        } catch {
            throw Trouble("\(words[0]) cannot be run, is its package installed? \(error)")
        }
        guard outcome.terminationStatus.isSuccess else {
            throw Trouble("\(words.joined(separator: " ")): \(outcome.standardError)")
        }
    }
}
