/// Who has which session, and who waits: the rules of a pool, without sessions, tasks or clocks.
///
/// Every method says what is to be done; the pool does it outside its lock.
struct Lending<Item: Sendable, Waiter: Sendable>: Sendable {
    /// What becomes of a session that was given back.
    enum Return: Sendable {
        case kept
        case handOver(Waiter)
        case discard
    }

    let size: Int
    let bound: Int
    private var idle: [(item: Item, since: ContinuousClock.Instant)] = []
    /// First come, first served.
    private var waiters: [(id: UInt64, waiter: Waiter)] = []
    /// Sessions idle, lent, or being opened.
    private(set) var places = 0
    private var isClosed = false

    init(size: Int, bound: Int) {
        self.size = size
        self.bound = bound
    }

    var waiting: Int { waiters.count }

    /// What can be had at once; `nil` when one has to wait. Nobody overtakes those who wait already.
    mutating func take() -> Grant<Item>? {
        if isClosed { return .refused(.closed) }
        guard waiters.isEmpty else { return nil }
        // The session used last is the likeliest to be alive and warm.
        if let (item, _) = idle.popLast() { return .use(item) }
        guard places < size else { return nil }
        places += 1
        return .open
    }

    /// Stands in line; answers at once when that is not needed after all, or not possible.
    mutating func join(_ waiter: Waiter, id: UInt64) -> Grant<Item>? {
        if let grant = take() { return grant }
        guard waiters.count < bound else { return .refused(.crowded) }
        waiters.append((id, waiter))
        return nil
    }

    /// Steps out of the line; `nil` when already served.
    mutating func leave(_ id: UInt64) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return waiters.remove(at: index).waiter
    }

    mutating func giveBack(_ item: Item, at now: ContinuousClock.Instant) -> Return {
        if isClosed {
            places -= 1
            return .discard
        }
        if !waiters.isEmpty { return .handOver(waiters.removeFirst().waiter) }
        idle.append((item, now))
        return .kept
    }

    /// A session is gone. Its place goes to whoever waits longest, or becomes free.
    mutating func lose() -> Waiter? {
        if !isClosed, !waiters.isEmpty { return waiters.removeFirst().waiter }
        places -= 1
        return nil
    }

    /// Takes out the sessions nobody has used since `instant`.
    mutating func reap(idleSince instant: ContinuousClock.Instant) -> [Item] {
        let old = idle.filter { $0.since < instant }.map(\.item)
        idle.removeAll { $0.since < instant }
        places -= old.count
        return old
    }

    /// From now on everybody is refused and what comes back is discarded.
    mutating func close() -> (idle: [Item], waiters: [Waiter]) {
        isClosed = true
        let ended = (idle.map(\.item), waiters.map(\.waiter))
        places -= idle.count
        idle = []
        waiters = []
        return ended
    }
}

/// What somebody who asked for a session gets.
enum Grant<Item: Sendable>: Sendable {
    case use(Item)
    /// A place: open a session of your own for it.
    case open
    case refused(Refusal)
}

extension Grant: Equatable where Item: Equatable {}

enum Refusal: Equatable, Sendable {
    /// As many wait already as may.
    case crowded
    /// Nothing came free in time.
    case late
    case cancelled
    case closed
}

extension Lending.Return: Equatable where Waiter: Equatable {}
