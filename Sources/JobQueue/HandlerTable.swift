import FoundationEssentials

/// The handlers of a worker by the kind they run, their payload types forgotten.
struct HandlerTable: Sendable {
    struct Entry: Sendable {
        let backoff: Backoff
        let run: @Sendable (_ payload: String, _ context: JobContext) async throws -> JobOutcome
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
        let entry = Entry(backoff: Handler.backoff) { payload, context in
            let payload = try JSONDecoder().decode(Handler.Payload.self, from: Data(payload.utf8))
            return try await handler.run(payload, context)
        }
        return (Handler.kind, entry)
    }
}

extension HandlerTable.Entry {
    /// Runs one attempt to its end and says what is to be stored.
    ///
    /// An error thrown after cancellation is the worker's doing, not the job's: the job is handed back, uncharged.
    func verdict(on lease: Lease) async -> Settlement.Verdict {
        let claim = lease.claim
        do {
            switch try await run(claim.payload, JobContext(lease)) {
            case .done: return .done
            case .snooze(let wait): return .snoozed(wait)
            case .discard(let reason): return .discarded(reason: reason)
            }
        } catch {
            if Task.isCancelled { return .handedBack }
            let reason = String(describing: error)
            guard claim.attempt < claim.maxAttempts else { return .dead(reason: reason) }
            var generator = SystemRandomNumberGenerator()
            return .retry(after: backoff.wait(afterAttempt: claim.attempt, using: &generator), reason: reason)
        }
    }
}
