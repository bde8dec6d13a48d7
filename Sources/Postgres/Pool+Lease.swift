import Synchronization

extension Pool {
    /// A session that works, as far as can be known without asking the server.
    func lease() async throws(PostgresError) -> Session {
        guard !Task.isCancelled else { throw Session.cancelled }
        switch await grant() {
        case .use(let session):
            if await isUsable(session) { return session }
            // Its place is ours: fill it anew.
            return try await open()
        case .open: return try await open()
        case .refused(let refusal): throw error(refusal)
        }
    }

    func takeBack(_ session: Session) async {
        var isFit = session.beacon.condition == .clean
        if !isFit { isFit = await session.settle() }
        guard isFit else { return await discard(session) }
        switch lending.withLock({ $0.giveBack(session, at: .now) }) {
        case .kept: return
        case .handOver(let waiter): waiter.resume(returning: .use(session))
        case .discard: await session.close()
        }
    }

    private func discard(_ session: Session) async {
        await session.close()
        passOnPlace()
    }

    /// Lets the next in line open a session in the place that became free.
    private func passOnPlace() {
        lending.withLock { $0.lose() }?.resume(returning: .open)
    }

    private func open() async throws(PostgresError) -> Session {
        do {
            return try await Session.connect(configuration)
        } catch {
            passOnPlace()
            throw error
        }
    }

    /// A server that hangs up leaves word on the socket; nothing unread means nothing has happened.
    private func isUsable(_ session: Session) async -> Bool {
        guard session.beacon.condition == .clean else {
            await session.close()
            return false
        }
        guard session.beacon.hasUnread else { return true }
        if await session.isAlive() { return true }
        await session.close()
        return false
    }

    private func grant() async -> Grant<Session> {
        if let grant = lending.withLock({ $0.take() }) { return grant }
        let id = nextWaiter.wrappingAdd(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await wait(as: id)
        } onCancel: {
            dismiss(id, because: .cancelled)
        }
    }

    /// Stands in line until served, late or cancelled.
    private func wait(as id: UInt64) async -> Grant<Session> {
        var timer: Task<Void, Never>?
        let grant = await withCheckedContinuation { continuation in
            let immediate = lending.withLock { lending -> Grant<Session>? in
                // Inside the lock, because `onCancel` takes it too: one of the two sees the other.
                Task.isCancelled ? .refused(.cancelled) : lending.join(continuation, id: id)
            }
            if let immediate { return continuation.resume(returning: immediate) }
            timer = Task {
                do {
                    try await Task.sleep(for: waitLimit)
                    dismiss(id, because: .late)
                } catch {
                    // Served in time.
                }
            }
        }
        timer?.cancel()
        return grant
    }

    private func dismiss(_ id: UInt64, because refusal: Refusal) {
        lending.withLock { $0.leave(id) }?.resume(returning: .refused(refusal))
    }

    private func error(_ refusal: Refusal) -> PostgresError {
        switch refusal {
        case .crowded:
            PostgresError(kind: .tooManyConnections, message: "too many wait for a session of this pool already")
        case .late:
            PostgresError(kind: .tooManyConnections, message: "no session came free within \(waitLimit)")
        case .cancelled: Session.cancelled
        case .closed: PostgresError(kind: .usage, message: "the pool is shut down")
        }
    }
}
