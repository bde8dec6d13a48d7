/// LISTEN on a connection of its own.
///
/// `NOTIFY` only wakes: what is heard says that something happened, and whoever hears it looks into the tables. A
/// connection can be lost without a word, so a silent one is probed with a query that has a deadline; after a loss the
/// listener connects again, listens again, and says `.reconnected`, because notifications may have been missed.
/// It needs a real session: do not point it at a pooler in transaction mode.
public final class Listener: Sendable {
    public enum Event: Sendable, Equatable {
        /// Listening (again). Look at everything: it is unknown what was missed.
        case reconnected
        case notification(channel: String, payload: String)
    }

    /// What was heard, for one reader. When nobody reads, the newest 1,024 are kept. Ends when `run()` does.
    public let events: AsyncStream<Event>

    private let continuation: AsyncStream<Event>.Continuation
    private let configuration: Configuration
    private let channels: [String]
    private let probeInterval: Duration
    private let onFailure: @Sendable (PostgresError) -> Void

    /// How long a probe may take before the connection counts as lost.
    static let probeLimit = Duration.seconds(2)

    /// `onFailure` is told why a connection was lost or could not be made; the listener tries again by itself.
    public init(
        _ configuration: Configuration,
        channels: [String],
        probeInterval: Duration = .seconds(3),
        onFailure: @escaping @Sendable (PostgresError) -> Void = { _ in }
    ) {
        var configuration = configuration
        configuration.statementTimeout = Self.probeLimit
        self.configuration = configuration
        self.channels = channels
        self.probeInterval = probeInterval
        self.onFailure = onFailure
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
    }

    /// Listens until the task is cancelled. Runs once.
    public func run() async throws(PostgresError) {
        defer { continuation.finish() }
        let alarm = try Alarm()
        await withTaskCancellationHandler {
            var backoff = Backoff(first: .milliseconds(50), limit: .seconds(5))
            while !Task.isCancelled {
                do throws(PostgresError) {
                    let session = try await connect()
                    backoff.reset()
                    continuation.yield(.reconnected)
                    try await listen(session, alarm)
                } catch {
                    onFailure(error)
                    await pause(&backoff)
                }
            }
        } onCancel: {
            alarm.ring()
        }
    }

    private func connect() async throws(PostgresError) -> Session {
        let session = try await Session.connect(configuration)
        for channel in channels {
            try await session.execute("LISTEN \(identifier: channel)")
        }
        return session
    }

    private func listen(_ session: Session, _ alarm: Alarm) async throws(PostgresError) {
        while !Task.isCancelled {
            let heard = try await session.notifications(until: .now + probeInterval, alarm)
            for event in heard { continuation.yield(event) }
            if heard.isEmpty, !Task.isCancelled { try await session.execute("SELECT 1") }
        }
        await session.close()
    }

    private func pause(_ backoff: inout Backoff) async {
        var generator = SystemRandomNumberGenerator()
        do {
            try await Task.sleep(for: backoff.next(using: &generator))
        } catch {
            // Cancelled: the loop sees it.
        }
    }
}
