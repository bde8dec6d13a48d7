import Postgres

/// What the loops of a shift share.
struct ShiftBook {
    var pace: Pace
    /// By lease epoch. A lease stays, and keeps its slot, until its verdict is stored or refused: that is the
    /// back-pressure.
    var leases: [Int64: Lease] = [:]
    /// Verdicts to be stored, oldest first. Never more than there are slots.
    var verdicts: [Settlement] = []
    /// When a claim reads its lanes from their heads again.
    var sweeps = SweepSchedule()
    /// When a claim looks for what has become due: not in every one of hundreds a second.
    var promotions = SweepSchedule()
    var floors = LaneFloors()
    var served = ServedLanes()
    /// Where and when passes over the running jobs begin.
    var epochs = EpochFloor()
    var rescueSweeps = SweepSchedule()
    /// When jobs are looked for that wait for others in vain, or need not wait any more.
    var unblockSweeps = SweepSchedule()
    /// Limits over all workers, as they stood at the last poll; `nil` until they are known.
    var throttled: Throttled?

    /// How late a job that has become due is noticed at the most by a worker that claims all the time.
    private static let promotionInterval = Duration.milliseconds(20)

    init(slots: Int) {
        pace = Pace(slots: slots)
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
        if request.promotes { promotions.done(from: now, to: now, pause: Self.promotionInterval) }
        return (request, throttled, isSweep)
    }

    /// A claim was answered.
    mutating func took(_ leases: [Lease], of limit: Int, at now: ContinuousClock.Instant) {
        pace.claimed(leases.count, of: limit)
        var first: [Lane: Instant] = [:]
        for lease in leases {
            let claim = lease.claim
            self.leases[claim.leaseEpoch] = lease
            first[claim.lane] = min(first[claim.lane] ?? claim.turnAt, claim.turnAt)
            served.claimed(claim.turnAt, in: claim.lane, hasTenant: claim.hasTenant)
        }
        for (lane, turn) in first { floors.claimed(turn, in: lane, at: now) }
        if leases.count < limit, throttled?.isEmpty == true { served.ranDry() }
    }
}
