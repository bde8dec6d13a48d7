import Logging
import Postgres

extension DatabaseOptions {
    /// A session, once the database answers: an absent one is waited for, as long as `--patience` lasts.
    func session(as name: String, logger: Logger) async throws -> Session {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(patience)
        var pause = Duration.milliseconds(100)
        while true {
            do {
                return try await Session.connect(configuration(as: name))
            } catch {
                guard error.mayPass, clock.now + pause < deadline else {
                    throw Complaint("the database cannot be reached: \(error.message)")
                }
                logger.notice(
                    "waiting for the database",
                    metadata: ["error": "\(error)", "for_at_most": "\((deadline - clock.now).components.seconds) s"]
                )
            }
            try await clock.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
    }
}

extension PostgresError {
    /// Whether waiting may help: the server is not there, not yet up, or full.
    fileprivate var mayPass: Bool {
        switch kind {
        case .connection, .shutdown, .tooManyConnections: true
        case .serialization, .deadlock, .unique, .foreignKey, .check, .exclusion, .notNull, .lockTimeout,
            .statementTimeout, .readOnly, .diskFull, .stalePlan, .cancelled, .decoding, .usage, .other:
            false
        }
    }
}
