public import Logging
public import Postgres
import ServiceLifecycle

/// Lets one of many programs do something at a time: whoever holds the row of this name in `queue.leader`.
///
/// ```swift
/// try await Leader("reports", holder: "host-1", pool: pool).run { leadership in
///     while !Task.isCancelled { try await refresh(under: leadership) }
/// }
/// ```
///
/// The lease is the database's: its clock alone says when it runs out. A leader that cannot prolong it stops before it
/// does, by a timer of its own. Nothing can stop code between two instructions, though, so what a leader writes must
/// either be harmless twice or call ``Leadership/verify(in:)`` in its transaction.
public struct Leader: Sendable {
    private let statements: LeaderStatements
    private let pool: Pool
    let leaseDuration: Duration
    private let campaignInterval: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - name: What is led.
    ///   - holder: Who leads, for people who look; nothing depends on it.
    ///   - leaseDuration: How soon another leads when a leader is lost. It is prolonged three times in it.
    ///   - campaignInterval: How often the others ask; so soon one of them follows a leader that resigned.
    ///   - clock: Only wakes; the lease is the database's.
    public init(
        _ name: String,
        holder: String,
        pool: Pool,
        leaseDuration: Duration = .seconds(15),
        campaignInterval: Duration = .seconds(1),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger = Logger(label: "JobQueue.Leader")
    ) {
        precondition(leaseDuration > .zero && campaignInterval > .zero, "a leader's intervals are above zero")
        statements = LeaderStatements(name: name, holder: holder, leaseDuration: leaseDuration)
        self.pool = pool
        self.leaseDuration = leaseDuration
        self.campaignInterval = campaignInterval
        self.clock = clock
        self.logger = logger
    }

    /// Waits until it leads, then runs `body`; when the lease is lost cancels `body`, waits for its end, and begins anew.
    ///
    /// Ends when `body` returns or throws while it leads, or with a graceful stop or cancellation, which cancel `body`.
    /// In all these cases it resigns, so that the next may lead at once.
    public func run(_ body: @escaping @Sendable (Leadership) async throws -> Void) async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if let leadership = await campaign() {
                    logger.info("Leading", metadata: ["leader": "\(leadership.name)", "epoch": "\(leadership.epoch)"])
                    switch await Term(of: self, leadership).serve(body) {
                    // What a body throws because it was cancelled is no news.
                    case .ended(let outcome): return Task.isCancelled ? () : try outcome.get()
                    case .lost: logger.warning("Leadership was lost", metadata: ["leader": "\(leadership.name)"])
                    }
                } else {
                    await pause(campaignInterval)
                }
            }
        }
    }

    /// The leadership, if it was to be had, and young enough still.
    private func campaign() async -> Leadership? {
        var epoch: Int64?
        let took = await clock.measure {
            epoch = await tried("campaign") { session in try statements.campaign(in: session) } ?? nil
        }
        guard let epoch else { return nil }
        let leadership = Leadership(name: statements.name, epoch: epoch)
        if took < leaseDuration / 3 { return leadership }
        await resign(leadership)
        return nil
    }
}

extension Leader {
    enum Renewal: Sendable {
        case renewed
        /// Somebody else leads, or nobody.
        case refused
        /// Not known, or answered too late to be of use.
        case unanswered
    }

    /// Prolongs the lease, counted from before the question.
    func renew(_ leadership: Leadership) async -> Renewal {
        var renewal = Renewal.unanswered
        let took = await clock.measure {
            let holds = await tried("renew") { session in try statements.renew(leadership, in: session) }
            renewal = holds.map { $0 ? .renewed : .refused } ?? .unanswered
        }
        if case .renewed = renewal, took >= leaseDuration / 3 { return .unanswered }
        return renewal
    }

    /// Also when this task is cancelled, so that the others need not wait for the lease to run out.
    func resign(_ leadership: Leadership) async {
        await Task { _ = await tried("resign") { session in try statements.resign(leadership, in: session) } }.value
    }

    private func tried<Value: Sendable>(
        _ doing: Logger.MetadataValue, _ statement: @Sendable (isolated Session) throws -> Value
    ) async -> Value? {
        do {
            return try await pool.withSession { session in try await statement(session) }
        } catch {
            // Cut short by this leader's own end.
            guard !Task.isCancelled else { return nil }
            logger.warning("A leader's statement failed", metadata: ["doing": doing, "error": "\(error)"])
            return nil
        }
    }

    func pause(_ duration: Duration) async {
        // Ends early only by cancellation, which the caller's loop sees.
        _ = try? await clock.sleep(for: duration)
    }
}
