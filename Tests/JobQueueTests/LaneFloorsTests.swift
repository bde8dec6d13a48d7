import Postgres
import TestSupport
import Testing

@testable import JobQueue

struct LaneFloorsTests {
    private let lane = Lane(queue: "q", priority: 0)
    private let start = ContinuousClock.now

    private func turn(_ number: Int64) -> Instant { Instant(microsecondsSinceEpoch: number) }

    @Test("the floor follows the claims, a moment behind")
    func lags() {
        var floors = LaneFloors()
        #expect(floors.floors(at: start).isEmpty)
        for step in 0..<10 { floors.claimed(turn(Int64(step)), in: lane, at: start + .milliseconds(100 * step)) }
        #expect(floors.floors(at: start + .milliseconds(900)) == [lane: turn(6)])
        #expect(floors.floors(at: start + .seconds(9)) == [lane: turn(9)])
    }

    @Test("most claims lag a short moment, and one in each longer one finds what committed late")
    func lagsLess() {
        var floors = LaneFloors()
        for step in 0..<100 { floors.claimed(turn(Int64(step)), in: lane, at: start + .milliseconds(20 * step)) }
        let now = start + .milliseconds(1_980)
        #expect(floors.floors(at: now) == [lane: turn(86)])
        #expect(floors.floors(at: now + .milliseconds(1)) == [lane: turn(96)])
        #expect(floors.floors(at: now + .milliseconds(249)) == [lane: turn(99)])
        #expect(floors.floors(at: now + .milliseconds(250)) == [lane: turn(99)])
    }

    @Test("a turn found below lowers the floor at once")
    func lowers() {
        var floors = LaneFloors()
        floors.claimed(turn(50), in: lane, at: start)
        floors.claimed(turn(20), in: lane, at: start + .seconds(1))
        #expect(floors.floors(at: start + .seconds(1)).isEmpty)
        #expect(floors.floors(at: start + .seconds(2)) == [lane: turn(20)])
    }

    @Test("in a lane that is far behind the floor follows at once, but for one claim in a moment")
    func followsAtOnce() {
        var floors = LaneFloors()
        floors.claimed(turn(1), in: lane, at: start)
        #expect(floors.floors(at: start).isEmpty)
        floors.cameTo(turn(5), in: lane)
        for moment in [1, 249] { #expect(floors.floors(at: start + .milliseconds(moment)) == [lane: turn(5)]) }
        #expect(floors.floors(at: start + .milliseconds(250)) == [lane: turn(1)], "what committed late is above it")
        #expect(floors.floors(at: start + .milliseconds(251)) == [lane: turn(5)])
        floors.caughtUp()
        #expect(floors.floors(at: start + .milliseconds(252)) == [lane: turn(1)])
    }

    @Test("however many claims there are, few are remembered and the floor is not older than it must be")
    func bounded() {
        var floors = LaneFloors()
        for step in 0..<10_000 { floors.claimed(turn(Int64(step)), in: lane, at: start + .milliseconds(step)) }
        let floor = floors.floors(at: start + .milliseconds(9_999))[lane]?.microsecondsSinceEpoch ?? 0
        #expect(floor <= 9_749 && floor >= 9_700)
    }

    @Test("a sweep is due at first, then after its pause, then the later the longer it took")
    func sweeps() {
        var sweeps = SweepSchedule()
        #expect(sweeps.isDue(at: start))
        sweeps.done(from: start, to: start + .milliseconds(1), pause: .milliseconds(500))
        #expect(!sweeps.isDue(at: start + .milliseconds(400)))
        #expect(sweeps.isDue(at: start + .milliseconds(501)))
        sweeps.done(from: start, to: start + .seconds(2), pause: .milliseconds(500))
        #expect(!sweeps.isDue(at: start + .seconds(41)))
        #expect(sweeps.isDue(at: start + .seconds(42)))
    }

    @Test("lanes are told of some times a second, and once more when they run dry")
    func served() {
        var served = ServedLanes()
        served.claimed(turn(5), in: lane)
        #expect(served.take(at: start) == [lane: .init(turn: turn(5))])
        served.claimed(turn(9), in: lane)
        served.claimed(turn(7), in: lane)
        #expect(served.take(at: start + .milliseconds(10)).isEmpty)
        #expect(served.take(at: start + .milliseconds(15)) == [lane: .init(turn: turn(9))])
        served.claimed(turn(11), in: lane)
        served.ranDry()
        #expect(served.take(at: start + .milliseconds(200)) == [lane: .init(turn: turn(11), isDry: true)])
        served.ranDry()
        #expect(served.take(at: start + .milliseconds(300)).isEmpty)
    }

    @Test("a clock that somebody else left is only stopped, and what a failed claim did not tell is told again")
    func doubtful() {
        var served = ServedLanes(doubtful: [lane])
        served.claimed(turn(5), in: lane, hasTenant: false)
        #expect(served.take(at: start).isEmpty)
        served.ranDry()
        let news = served.take(at: start)
        #expect(news == [lane: .init(isDry: true)])
        served.untold(news)
        #expect(served.take(at: start + .milliseconds(15)) == news)
        served.ranDry()
        #expect(served.take(at: start + .milliseconds(30)).isEmpty)
    }
}

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct FloorClaimTests {
    @Test("a claim above a floor leaves what lies below, and a sweep finds it")
    func floor() async throws {
        let pool = try await queuePool()
        let ids = try await pool.enqueue([try Job(Scripted.self, "low"), try Job(Scripted.self, "high")])
        _ = try await pool.execute(
            "UPDATE queue.job SET turn_at = turn_at + interval '1 second' WHERE job_id = \(ids[1])")
        let turn: Instant = try #require(
            try await pool.rows("SELECT turn_at FROM queue.job WHERE job_id = \(ids[1])").first?.decode("turn_at"))
        let claimant = Claimant(name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: .seconds(60))
        let above = ClaimRequest(claimant: claimant, limit: 9, floors: [Lane(queue: "default", priority: 0): turn])
        #expect(try await pool.withSession { try await JobQueue.claim(above, in: $0) }.claims.map(\.jobID) == [ids[1]])
        #expect(try await pool.claim(9).map(\.jobID) == [ids[0]])
    }

    @Test("leases are read from the lowest beat there is, which heartbeats lift, or from the last number drawn")
    func beats() async throws {
        let pool = try await queuePool()
        _ = try await pool.enqueue([try Job(Scripted.self, "short"), try Job(Scripted.self, "long")])
        let (short, long) = (try await pool.claim(1)[0], try await pool.claim(1)[0])
        let claimant = Claimant(name: "w", queues: ["default"], kinds: [Scripted.kind], leaseDuration: .seconds(60))
        func lowest(from lowestBeat: Int64 = 0) async throws -> Int64? {
            let request = ClaimRequest(claimant: claimant, limit: 9, lowestBeat: lowestBeat)
            let claimed = try await pool.withSession { try await JobQueue.claim(request, in: $0) }
            #expect(claimed.claims.isEmpty)
            return claimed.lowestBeat
        }
        #expect(try await lowest() == short.leaseEpoch)
        _ = try await pool.withSession { session in
            try await JobQueue.heartbeat([(short.fence, nil)], leaseDuration: .seconds(60), in: session)
        }
        #expect(try await lowest(from: short.leaseEpoch) == long.leaseEpoch)
        #expect(try await lowest(from: long.leaseEpoch) == long.leaseEpoch)
        for claim in [short, long] {
            let done = Settlement(claim, .done)
            _ = try await pool.withSession { try await JobQueue.settle([done], leases: [claim.leaseEpoch], in: $0) }
        }
        let last: Int64? = try await pool.rows("SELECT last_value FROM queue.lease_epoch").first?.decode(0)
        #expect(try await lowest(from: long.leaseEpoch) == last)
    }
}
