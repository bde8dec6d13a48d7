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
    var floors = LaneFloors()
    var served = ServedLanes()
    /// Where and when passes over the running jobs begin.
    var epochs = EpochFloor()
    var rescueSweeps = SweepSchedule()
    /// When jobs are looked for that wait for others in vain, or need not wait any more.
    var unblockSweeps = SweepSchedule()
    /// Limits over all workers, as they stood at the last poll.
    var throttled = Throttled()

    init(slots: Int) {
        pace = Pace(slots: slots)
    }

    /// A claim is about to be sent.
    mutating func ask(
        _ limit: Int, for claimant: Claimant, at now: ContinuousClock.Instant
    ) -> (request: ClaimRequest, throttled: Throttled, isSweep: Bool) {
        pace.asking()
        let isSweep = sweeps.isDue(at: now)
        let request = ClaimRequest(
            claimant: claimant, limit: limit, floors: isSweep ? [:] : floors.floors(at: now),
            served: served.take(at: now)
        )
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
            if claim.hasTenant { served.claimed(claim.turnAt, in: claim.lane) }
        }
        for (lane, turn) in first { floors.claimed(turn, in: lane, at: now) }
        if leases.count < limit, throttled.isEmpty { served.ranDry() }
    }
}
