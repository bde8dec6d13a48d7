package import Testing

/// Whether a test may use the lent container runtime beside others, or kills it and so must be alone with it.
package enum ContainerRuntimeUse: Sendable {
    case shared, alone
}

/// Lets the tests that use the lent container runtime take turns with the one that kills it, in the order they came.
private actor ContainerRuntimeTurns {
    static let lent = ContainerRuntimeTurns()

    private var users = 0
    private var isTaken = false
    private var waiting: [(use: ContainerRuntimeUse, turn: CheckedContinuation<Void, Never>)] = []

    func enter(_ use: ContainerRuntimeUse) async {
        await withCheckedContinuation { turn in
            waiting.append((use, turn))
            admit()
        }
    }

    func leave() {
        users -= 1
        isTaken = false
        admit()
    }

    private func admit() {
        while let first = waiting.first, !isTaken, first.use == .shared || users == 0 {
            waiting.removeFirst()
            users += 1
            isTaken = first.use == .alone
            first.turn.resume()
        }
    }
}

/// Gives each test its turn at the lent container runtime.
package struct ContainerRuntimeTrait: SuiteTrait, TestTrait, TestScoping {
    let use: ContainerRuntimeUse

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        // Once for each test, not for the suite around them.
        guard !test.isSuite else { return try await function() }
        await ContainerRuntimeTurns.lent.enter(use)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await function())
        } catch {
            outcome = .failure(error)
        }
        await ContainerRuntimeTurns.lent.leave()
        try outcome.get()
    }
}

extension Trait where Self == ContainerRuntimeTrait {
    /// For tests that use the container runtime of `MUSTER_TEST_CONTAINERD`.
    package static func containerRuntime(_ use: ContainerRuntimeUse) -> Self { Self(use: use) }
}
