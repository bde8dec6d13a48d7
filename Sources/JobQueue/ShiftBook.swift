import Postgres

/// What the loops of a shift share.
struct ShiftBook {
    var pace: Pace
    /// A lease stays, and keeps its slot, until its verdict is stored or refused: that is the back-pressure.
    private(set) var leases: [Fence: Lease] = [:]
    /// How many of them are of one claim, by its epoch.
    private var sizes: [Int64: Int] = [:]
    /// Epochs of which nothing is left here, for the database to forget.
    var emptied: Set<Int64> = []
    /// Verdicts to be stored, oldest first. Never more than there are slots.
    var verdicts: [Settlement] = []
    /// When a claim reads its lanes from their heads again.
    var sweeps = SweepSchedule()
    /// When a claim looks for what has become due: not in every one of hundreds a second.
    var promotions = SweepSchedule()
    var floors = LaneFloors()
    var served: ServedLanes
    /// See ``Claimed/isCrowded``.
    var isCrowded = false
    /// Where reading the leases of this worker's queues begins: below lie only dead rows.
    var lowestBeat: Int64 = 0
    /// See ``JobQueue/ForgottenWakes/floor``.
    var wakesFloor: Instant?
    /// When jobs are looked for that wait for others in vain, or need not wait any more.
    var unblockSweeps = SweepSchedule()
    /// Limits over all workers, as they stood at the last poll; `nil` until they are known.
    var throttled: Throttled?

    /// How late a job that has become due is noticed at the most by a worker that claims all the time.
    private static let promotionInterval = Duration.milliseconds(20)

    init(slots: Int, lanes: [Lane]) {
        pace = Pace(slots: slots)
        served = ServedLanes(doubtful: lanes)
    }

    /// A claim is about to be sent; `nil` where it is not known within which limits.
    mutating func ask(
        _ limit: Int, for claimant: Claimant, at now: ContinuousClock.Instant
    ) -> (request: ClaimRequest, throttled: Throttled, isSweep: Bool)? {
        pace.asking()
        guard let throttled else { return nil }
        let isSweep = sweeps.isDue(at: now)
        var request = ClaimRequest(claimant: claimant, limit: limit, promotes: promotions.isDue(at: now))
        if !isSweep { request.floors = floors.floors(at: now) }
        request.served = served.take(at: now)
        request.lowestBeat = lowestBeat
        // Lanes that have run dry are noticed by a sweep.
        request.isCrowded = isCrowded && !isSweep
        if request.promotes { promotions.done(from: now, to: now, pause: Self.promotionInterval) }
        return (request, throttled, isSweep)
    }

    /// A claim was answered.
    mutating func took(_ leases: [Lease], of limit: Int, at now: ContinuousClock.Instant) {
        pace.claimed(leases.count, of: limit)
        // Lanes are few: to look through those there were is quicker than to hash names for each job.
        var takings: [Taking] = []
        for lease in leases {
            let claim = lease.claim
            self.leases[claim.fence] = lease
            sizes[claim.leaseEpoch, default: 0] += 1
            if let place = takings.firstIndex(where: { $0.lane == claim.lane }) {
                takings[place].add(claim)
            } else {
                takings.append(Taking(claim))
            }
        }
        for taking in takings {
            served.claimed(taking.last, in: taking.lane, hasTenant: taking.hasTenant)
            floors.claimed(taking.first, in: taking.lane, at: now)
            // Where tenants take turns, new ones may be just below what was served; where there are limits, what was passed over is.
            let isFarBehind =
                taking.shortestWait > LaneFloors.backlog && !served.tells(of: taking.lane) && throttled?.isEmpty == true
            floors.cameTo(isFarBehind ? taking.last : nil, in: taking.lane)
        }
        guard leases.count < limit, throttled?.isEmpty == true else { return }
        served.ranDry()
        floors.caughtUp()
    }

    /// What was claimed in one lane: its first and last turns, how long each had been waiting at least, and whether any of it is
    /// a tenant's.
    private struct Taking {
        let lane: Lane
        var first: Instant
        var last: Instant
        var shortestWait: Duration
        var hasTenant: Bool

        init(_ claim: Claim) {
            (lane, first, last) = (claim.lane, claim.turnAt, claim.turnAt)
            (shortestWait, hasTenant) = (claim.waited, claim.hasTenant)
        }

        mutating func add(_ claim: Claim) {
            first = min(first, claim.turnAt)
            last = max(last, claim.turnAt)
            shortestWait = min(shortestWait, claim.waited)
            hasTenant = hasTenant || claim.hasTenant
        }
    }

    /// Lets go of an attempt.
    mutating func remove(_ fence: Fence) -> Lease? {
        guard let lease = leases.removeValue(forKey: fence) else { return nil }
        sizes[fence.leaseEpoch, default: 0] -= 1
        if sizes[fence.leaseEpoch] == 0 {
            sizes[fence.leaseEpoch] = nil
            emptied.insert(fence.leaseEpoch)
        }
        return lease
    }

    /// Lets go of an attempt that the database still holds. So its lease is left to run out.
    mutating func abandon(_ fence: Fence) {
        leases[fence] = nil
    }

    /// The epochs of which nothing is left once `batch` is stored.
    func emptied(by batch: [Settlement]) -> [Int64] {
        var counts: [Int64: Int] = [:]
        for settlement in batch where leases[settlement.fence] != nil {
            counts[settlement.fence.leaseEpoch, default: 0] += 1
        }
        return emptied.union(counts.lazy.filter { sizes[$0.key] == $0.value }.map(\.key)).sorted()
    }
}
