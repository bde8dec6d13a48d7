import Postgres

/// What a worker tells those who enqueue for tenants: how far the turns of a lane have come. Knows no clock of its own.
struct ServedLanes {
    /// How often it is told; much shorter than ``LaneFloors/shortLag``, so that nobody takes a turn below a floor.
    static let interval = Duration.milliseconds(15)

    /// What there is to tell of a lane.
    struct News: Sendable, Equatable {
        /// The last turn that was claimed; `nil` where none was since it was told.
        var turn: Instant?
        /// Nothing waits there.
        var isDry = false
    }

    private var untold: [Lane: News] = [:]
    private var told: Set<Lane> = []
    /// Whose clock somebody may have begun who does not go on with it. Nothing is told of these but that they have run dry.
    private var doubtful: Set<Lane>
    private var lastTold: ContinuousClock.Instant?

    init(doubtful: some Sequence<Lane> = []) {
        self.doubtful = Set(doubtful)
    }

    /// A job with this turn was claimed. One without a tenant moves a lane on, but does not begin its clock.
    mutating func claimed(_ turn: Instant, in lane: Lane, hasTenant: Bool = true) {
        guard hasTenant || told.contains(lane) || untold[lane] != nil else { return }
        untold[lane] = News(turn: max(turn, untold[lane]?.turn ?? turn))
    }

    /// Whether the clock of `lane` is one that this worker tells.
    func tells(of lane: Lane) -> Bool { told.contains(lane) || untold[lane] != nil }

    /// A claim came back short: nothing waits in any lane.
    mutating func ranDry() {
        for lane in told.union(untold.keys).union(doubtful) { untold[lane, default: News()].isDry = true }
        doubtful = []
    }

    /// What the next claim is to tell, if it is time.
    mutating func take(at now: ContinuousClock.Instant) -> [Lane: News] {
        if let lastTold, now - lastTold < Self.interval { return [:] }
        guard !untold.isEmpty else { return [:] }
        lastTold = now
        for (lane, news) in untold {
            if news.isDry { told.remove(lane) } else { told.insert(lane) }
        }
        defer { untold = [:] }
        return untold
    }

    /// The claim failed that was to tell this.
    mutating func untold(_ news: [Lane: News]) { untold.merge(news) { newer, _ in newer } }
}
