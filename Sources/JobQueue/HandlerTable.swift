import FoundationEssentials

/// The handlers of a worker by the kind they run, their payload types forgotten.
struct HandlerTable: Sendable {
    struct Entry: Sendable {
        let version: Int
        let backoff: Backoff
        let run: @Sendable (_ claim: Claim, _ context: JobContext) async throws -> JobOutcome
    }

    private let entries: [String: Entry]

    var kinds: [String] { entries.keys.sorted() }

    init(_ handlers: [any JobHandler]) {
        entries = Dictionary(handlers.map { Self.entry($0) }) { _, _ in
            preconditionFailure("two handlers were given for one kind")
        }
    }

    subscript(kind: String) -> Entry {
        guard let entry = entries[kind] else {
            preconditionFailure("a job of kind \(kind) was claimed, but not wanted")
        }
        return entry
    }

    private static func entry<Handler: JobHandler>(_ handler: Handler) -> (String, Entry) {
        let entry = Entry(version: Handler.version, backoff: Handler.backoff) { claim, context in
            let payload =
                claim.payloadVersion == Handler.version
                ? try PayloadCoding.payload(Handler.Payload.self, of: claim.payload)
                : try Handler.upgrade(Data(claim.payload.utf8), from: claim.payloadVersion)
            return try await handler.run(payload, context)
        }
        return (Handler.kind, entry)
    }
}

extension HandlerTable.Entry {
    /// How long a job written by a newer program waits for a newer worker.
    private static var postponement: Duration { .seconds(30) }

    /// Runs one attempt to its end and says what is to be stored.
    ///
    /// An error thrown after cancellation is the worker's doing, not the job's: the job is handed back, uncharged.
    ///
    /// - Parameter jitters: Whether a part of a failed job's wait is random.
    func verdict(on lease: Lease, clock: any Clock<Duration>, jitters: Bool = true) async -> Settlement.Verdict {
        let claim = lease.claim
        guard claim.payloadVersion <= version else { return .postponed(Self.postponement) }
        do {
            switch try await runTraced(claim, JobContext(lease), clock) {
            case .done: return .done
            case .snooze(let wait): return .snoozed(wait)
            case .discard(let reason): return .discarded(reason: reason)
            }
        } catch {
            if Task.isCancelled { return .handedBack }
            let reason = String(describing: error)
            guard claim.attempt < claim.maxAttempts else { return .dead(reason: reason) }
            var generator = SystemRandomNumberGenerator()
            let wait =
                jitters
                ? backoff.wait(afterAttempt: claim.attempt, using: &generator)
                : backoff.longestWait(afterAttempt: claim.attempt)
            return .retry(after: wait, reason: reason)
        }
    }

    private func runTraced(
        _ claim: Claim, _ context: JobContext, _ clock: any Clock<Duration>
    ) async throws -> JobOutcome {
        guard claim.trace != JobTrace.current else { return try await runInTime(claim, context, clock) }
        return try await JobTrace.$current.withValue(claim.trace) { try await runInTime(claim, context, clock) }
    }

    /// Cancels an attempt whose time is up. It has failed then, whatever it answers, once it returns.
    private func runInTime(
        _ claim: Claim, _ context: JobContext, _ clock: any Clock<Duration>
    ) async throws -> JobOutcome {
        guard let timeout = claim.timeout else { return try await run(claim, context) }
        return try await withThrowingTaskGroup(of: JobOutcome?.self) { race in
            race.addTask { try await run(claim, context) }
            race.addTask {
                // Ends early only by cancellation, and then nobody asks any more.
                try? await clock.sleep(for: timeout)
                return nil
            }
            defer { race.cancelAll() }
            guard let outcome = try await race.next() ?? nil else { throw JobError.timedOut(after: timeout) }
            return outcome
        }
    }
}
