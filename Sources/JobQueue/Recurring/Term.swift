/// One leadership, from its election to the end of what was done under it.
struct Term: Sendable {
    enum Ending: Sendable {
        /// The leader's own work ended.
        case ended(Result<Void, any Error>)
        /// The lease could not be prolonged, or the task was cancelled.
        case lost
    }

    private let leader: Leader
    private let leadership: Leadership
    private let renewed = Signal()

    init(of leader: Leader, _ leadership: Leadership) {
        self.leader = leader
        self.leadership = leadership
    }

    /// Runs `body` as long as the lease holds, and resigns.
    func serve(_ body: @escaping @Sendable (Leadership) async throws -> Void) async -> Ending {
        let ending = await withTaskGroup(of: Ending.self) { parts in
            parts.addTask { await run(body) }
            parts.addTask { await keepRenewing() }
            parts.addTask { await watch() }
            let first = await parts.next()
            // The body before all: the other two may wait for an answer that does not come.
            parts.cancelAll()
            return first ?? .lost
        }
        await leader.resign(leadership)
        return ending
    }

    private func run(_ body: @Sendable (Leadership) async throws -> Void) async -> Ending {
        do {
            return .ended(.success(try await body(leadership)))
        } catch {
            return .ended(.failure(error))
        }
    }

    private func keepRenewing() async -> Ending {
        while !Task.isCancelled {
            await leader.pause(leader.leaseDuration / 3)
            guard !Task.isCancelled else { break }
            switch await leader.renew(leadership) {
            case .renewed: renewed.raise()
            case .refused: return .lost
            case .unanswered: break
            }
        }
        return .lost
    }

    /// Ends when two thirds of a lease have passed without a renewal. Each answer is at most a third old when it comes,
    /// so that is before the lease runs out.
    private func watch() async -> Ending {
        while await isRenewed(within: leader.leaseDuration * 2 / 3) {}
        return .lost
    }

    private func isRenewed(within limit: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { race in
            race.addTask {
                await renewed.wait()
                return !Task.isCancelled
            }
            race.addTask {
                await leader.pause(limit)
                return false
            }
            let isRenewed = await race.next() ?? false
            race.cancelAll()
            return isRenewed
        }
    }
}
