package import Logging
package import Postgres
import ServiceLifecycle

/// Wakes who waits for news of a site's assignments or of an order.
///
/// A wake says only *that* something may have changed; whoever is woken reads the tables. So a wake too many is
/// harmless, and one that was lost is made up for by the next look.
package actor Hub {
    enum Topic: Hashable, Sendable {
        case site(Int64)
        case order(Int64)
    }

    enum Wake: Equatable, Sendable {
        case news
        case timeout
        /// The service stops, or the caller went away: answer with what there is.
        case stopping
    }

    /// A place in the hub. News that comes between taking it and waiting is kept, so none can be missed.
    struct Seat: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Occupant {
        var topic: Topic
        var isRung = false
        var waiter: CheckedContinuation<Wake, Never>?
        var timer: Task<Void, Never>?
    }

    private let clock: any Clock<Duration>
    private var occupants: [UInt64: Occupant] = [:]
    private var seats: [Topic: Set<UInt64>] = [:]
    private var nextNumber: UInt64 = 0

    package init(clock: any Clock<Duration> = ContinuousClock()) {
        self.clock = clock
    }

    /// How many sit here now.
    var count: Int { occupants.count }

    func sit(_ topic: Topic) -> Seat {
        nextNumber += 1
        occupants[nextNumber] = Occupant(topic: topic)
        seats[topic, default: []].insert(nextNumber)
        return Seat(number: nextNumber)
    }

    /// Gives the place back; who still waits in it is let go.
    func leave(_ seat: Seat) {
        wake(seat.number, .stopping)
        guard let occupant = occupants.removeValue(forKey: seat.number) else { return }
        seats[occupant.topic]?.remove(seat.number)
        if seats[occupant.topic]?.isEmpty == true { seats[occupant.topic] = nil }
    }

    /// Waits for news, at most `limit`; one task at a time.
    func wait(_ seat: Seat, atMost limit: Duration) async -> Wake {
        await withTaskCancellationOrGracefulShutdownHandler {
            await settle(seat, limit)
        } onCancelOrGracefulShutdown: {
            Task { await self.stop(seat) }
        }
    }

    private func settle(_ seat: Seat, _ limit: Duration) async -> Wake {
        guard let occupant = occupants[seat.number], !Task.isCancelled, !Task.isShuttingDownGracefully else {
            return .stopping
        }
        precondition(occupant.waiter == nil, "a seat is for one; whoever shares it must take another")
        if occupant.isRung {
            occupants[seat.number]?.isRung = false
            return .news
        }
        guard limit > .zero else { return .timeout }
        return await withCheckedContinuation { waiter in
            occupants[seat.number]?.waiter = waiter
            occupants[seat.number]?.timer = Task { [clock] in
                // Ends early only when the waiter was woken before.
                guard (try? await clock.sleep(for: limit)) != nil else { return }
                self.wake(seat.number, .timeout)
            }
        }
    }

    private func stop(_ seat: Seat) {
        wake(seat.number, .stopping)
    }

    private func wake(_ number: UInt64, _ reason: Wake) {
        guard let waiter = occupants[number]?.waiter else { return }
        occupants[number]?.timer?.cancel()
        occupants[number]?.timer = nil
        occupants[number]?.waiter = nil
        waiter.resume(returning: reason)
    }

    /// Wakes who waits for `topic`, now or at the next wait.
    func ring(_ topic: Topic) {
        for number in seats[topic] ?? [] {
            if occupants[number]?.waiter == nil { occupants[number]?.isRung = true }
            wake(number, .news)
        }
    }

    /// Wakes all whose topic `isMeant`.
    func ring(where isMeant: (Topic) -> Bool) {
        for topic in seats.keys where isMeant(topic) { ring(topic) }
    }
}

extension Hub {
    /// The channels the workers notify on; payloads are comma-separated ids, or `*` for everybody.
    static let assignmentChannel = "muster_assignment"
    static let orderChannel = "muster_order"

    /// Passes one event of the database on.
    func hear(_ event: Listener.Event) {
        switch event {
        case .reconnected:
            ring { _ in true }
        case .notification(Hub.assignmentChannel, let payload):
            hear(payload, topic: Topic.site) { if case .site = $0 { true } else { false } }
        case .notification(Hub.orderChannel, let payload):
            hear(payload, topic: Topic.order) { if case .order = $0 { true } else { false } }
        case .notification:
            break
        }
    }

    private func hear(_ payload: String, topic: (Int64) -> Topic, isMeant: (Topic) -> Bool) {
        let ids = payload.split(separator: ",").map { Int64($0) }
        guard !ids.contains(nil) else { return ring(where: isMeant) }
        for id in ids { id.map(topic).map(ring) }
    }
}

/// Listens to the database for the hub, on a connection of its own, as long as the service runs.
package struct HubListening: Service {
    private let hub: Hub
    private let configuration: Configuration
    private let logger: Logger

    package init(_ hub: Hub, configuration: Configuration, logger: Logger) {
        self.hub = hub
        self.configuration = configuration
        self.logger = logger
    }

    package func run() async throws {
        let logger = logger
        let channels = [Hub.assignmentChannel, Hub.orderChannel]
        let listener = Listener(configuration, channels: channels) { failure in
            logger.warning("not listening to the database; trying again", metadata: ["error": "\(failure)"])
        }
        await cancelWhenGracefulShutdown { [hub] in
            await withDiscardingTaskGroup { group in
                group.addTask {
                    do {
                        try await listener.run()
                    } catch {
                        logger.error("polling only: no listening to the database", metadata: ["error": "\(error)"])
                    }
                }
                for await event in listener.events { await hub.hear(event) }
            }
        }
    }
}
