import CapacityModel
import CapacityStore
import Postgres
import TestSupport

/// One of a rush: a session of its own, and the orders it was granted and has not given back.
actor LedgerWriter {
    private let ledger: Ledger
    private let lures: Lures
    private let session: Session
    private var random: Lottery
    private var ticket: Int64
    private var granted: [(order: OrderID, take: LedgerAnswer.Take)] = []
    private var answers: [LedgerAnswer] = []

    /// Instants lie in this many seconds: few enough for hosts to be full somewhere.
    private static let horizon: Int64 = 1_200
    /// How often the watcher is woken, in answers of one writer.
    private static let watchEvery = 40

    /// The guard did not draw: it was not asked, or asked no longer what everybody must be.
    struct Unguarded: Error {}

    init(_ ledger: Ledger, seed: UInt64, lures: Lures) async throws {
        self.ledger = ledger
        self.lures = lures
        random = Lottery(state: seed)
        session = try await Session.connect(FreshDatabase.current.configuration)
        ticket = try await Tickets.draw(in: session)
    }

    /// Asks for `orders` orders, and for changes of those it was granted in between.
    func run(orders: Int, signal: AsyncStream<Void>.Continuation) async throws -> [LedgerAnswer] {
        var left = orders
        while left > 0 {
            switch random.next(below: 10) {
            case 0, 1: try await give()
            case 2: try await moveEnd()
            default:
                try await take()
                left -= 1
            }
            if answers.count % Self.watchEvery == 0 { signal.yield() }
        }
        await session.close()
        return answers
    }

    private func take() async throws {
        let take = invent()
        let site = SiteID(rawValue: 1)
        let groups = take.counts.sorted { $0.key < $1.key }
            .map { Plan.Group(host: $0, site: site, count: $1, devices: take.devices) }
        let plan = Plan(groups: groups)
        let request = OrderRequest(
            spec: Spec(resources: take.unit, image: "i"), count: plan.count,
            timing: OrderRequest.Timing(start: take.held.start, duration: take.held.duration),
            release: OrderRequest.ReleasePolicy(grace: .zero)
        )
        let new = NewOrder(
            tenant: ledger.tenant, request: request, window: take.held, plan: plan, rates: [], idempotency: nil)
        let order = try await ask { session in
            let order = try Store.insert(new, in: session)
            try Store.reserve(groups, for: order, in: session)
            return order
        }
        try await note(.take(order: order?.rawValue ?? 0, take), isGranted: order != nil)
        guard let order else { return }
        granted.append((order, take))
        lures.note(take)
    }

    private func give() async throws {
        guard !granted.isEmpty else { return }
        let (order, take) = granted.remove(at: random.next(below: granted.count))
        let count = take.counts.values.reduce(0, +)
        let given: Void? = try await ask { session in
            try Store.cancel(order, in: session)
            _ = try Store.stop(order, limit: count, in: session)
        }
        try await note(.give(order: order.rawValue), isGranted: given != nil)
    }

    private func moveEnd() async throws {
        guard !granted.isEmpty else { return }
        let index = random.next(below: granted.count)
        let (order, take) = granted[index]
        let end =
            switch random.next(below: 3) {
            case 0: max((take.held.start + take.held.duration / 2).wholeSecond, take.held.start + .seconds(1))
            case 1: take.held.end + .seconds(1)
            default: take.held.end + .seconds(1 + random.next(below: 60))
            }
        let moved: Void? = try await ask { session in try Store.moveEnd(of: order, to: end, in: session) }
        try await note(.moveEnd(order: order.rawValue, to: end), isGranted: moved != nil)
        if moved != nil { granted[index].take.held.end = end }
    }

    /// What `body` returned when the ledger granted it, `nil` where it refused. Nothing is tried again: writers that lock in
    /// one order have no deadlocks to get over.
    private func ask<Value: Sendable>(
        _ body: @escaping @Sendable (isolated Session) throws -> Value
    ) async throws -> Value? {
        do {
            return try await session.transaction(body)
        } catch  where StoreError(error).isOversold {
            return nil
        }
    }

    private func note(_ question: LedgerAnswer.Question, isGranted: Bool) async throws {
        let drawn = try await Tickets.last(of: session)
        guard drawn > ticket else { throw Unguarded() }
        ticket = drawn
        answers.append(LedgerAnswer(ticket: drawn, question: question, isGranted: isGranted))
    }
}

/// What to ask for.
extension LedgerWriter {
    /// Half at random; half where somebody has just been: the same window, one that touches it, one that overlaps it
    /// by a second.
    private func invent() -> LedgerAnswer.Take {
        let length = Duration.seconds(1 + random.next(below: 240))
        if random.next(below: 2) == 0, let lure = lures.draw(&random) {
            let (start, end) = (lure.held.start, lure.held.end)
            let held =
                switch random.next(below: 5) {
                case 0: lure.held
                case 1: Window(start: end, duration: length)
                case 2: Window(start: start - length, end: start)
                case 3: Window(start: end - .seconds(1), duration: length)
                default: Window(start: start - length, end: start + .seconds(1))
                }
            return inventing(unit(), counts: lure.counts, held: held)
        }
        var counts: [HostID: Int] = [:]
        for _ in 0...random.next(below: 3) {
            counts[ledger.hosts[random.next(below: ledger.hosts.count)]] = 1 + random.next(below: 2)
        }
        let start = Ledger.epoch + .seconds(random.next(below: Int(Self.horizon)))
        return inventing(unit(), counts: counts, held: Window(start: start, duration: length))
    }

    /// With devices for a unit that has GPUs. Whole ones are for one instance alone, shares of one device for several.
    private func inventing(_ unit: Resources, counts: [HostID: Int], held: Window) -> LedgerAnswer.Take {
        guard let use = unit.gpuUse else { return LedgerAnswer.Take(unit: unit, counts: counts, held: held) }
        let first = random.next(below: 8)
        let devices = (0..<use.devices).map { (first + $0) % 8 }.sorted()
        return LedgerAnswer.Take(
            unit: unit, counts: unit.gpuCount > 0 ? counts.mapValues { _ in 1 } : counts, held: held, devices: devices)
    }

    /// Much of one resource, a little of the others.
    private func unit() -> Resources {
        let much = Int64(2 + random.next(below: 7))
        var unit = Resources(vcpuMilli: 500, memoryMiB: 512, diskGiB: 5, bandwidthMbps: 50)
        switch random.next(below: 6) {
        case 0: unit.vcpuMilli = much * 2_000
        case 1: unit.memoryMiB = much * 4_096
        case 2: unit.diskGiB = much * 60
        case 3: unit.bandwidthMbps = much * 600
        default:
            unit.gpuModel = ["G2", "T4"][random.next(below: 2)]
            if random.next(below: 2) == 0 { unit.gpuCount = (much + 1) / 2 } else { unit.gpuShareMilli = much * 75 }
        }
        return unit
    }
}
