import CapacityModel
import CapacityStore
import Delivery
import Placement
import Postgres

/// How long a planner that starts takes to know 20,000 hosts and 200,000 reservations, and one that runs to see what
/// another has just committed, or while many wait for capacity.
struct PlannerBench {
    let arena: BenchArena
    var starts = 7
    var changes = 100

    func results() async throws -> [BenchResult] {
        try await arena.template("national") { database in
            try await LedgerGround.fill(database, with: FleetSynthesis(seed: 2))
            let ground = try await LedgerGround.open(database, size: 1)
            try await ground.reserve(200_000, hours: 48, days: 7)
            await ground.pool.shutdown()
        }
        return try await arena.withDatabase(from: "national") { database in
            let ground = try await LedgerGround.open(database, size: 2)
            var times: [Double] = []
            for _ in 0..<starts {
                let planner = Planner(store: ground.store)
                let began = ContinuousClock.now
                _ = try await planner.current()
                times.append((.now - began).inSeconds)
            }
            let refreshes = try await refreshes(on: ground)
            let waiting = try await refreshesBesideWaiting(on: ground)
            await ground.pool.shutdown()
            return [
                BenchResult(key: "planner.start_s", percentile(times, 0.5), "s", below: 1.5),
                BenchResult(key: "planner.refresh_ms", percentile(refreshes, 0.99), "ms", below: 100),
                BenchResult(key: "planner.waiting_ms", percentile(waiting, 0.5), "ms", below: 200),
            ]
        }
    }

    /// Milliseconds in which a planner sees each of some orders made through another.
    private func refreshes(on ground: LedgerGround) async throws -> [Double] {
        let planner = Planner(store: ground.store)
        let elsewhere = ground.desk()
        let now = try await planner.current().now
        var times: [Double] = []
        for change in 0..<changes {
            let window = Window(start: now.wholeSecond + .seconds(86_400 + change * 3_600), duration: .seconds(3_600))
            let spread = [SpreadRule(level: .site, maxPerGroup: 4)]
            let request = LedgerGround.request(100, vcpuMilli: 1_000, in: window, spread: spread)
            let outcome = try await elsewhere.order(request, quoteID: nil, tenant: ground.tenant, idempotency: nil)
            guard case .accepted(let record, _) = outcome,
                let group = try await ground.store.groups(of: [record.id])[record.id]?.first
            else { throw BenchFailure("a nearly empty fleet refused 100 instances") }
            let began = ContinuousClock.now
            let picture = try await planner.current()
            times.append((.now - began).inMilliseconds)
            let all = picture.inventory.host(group.hostID)?.allocatable.vcpuMilli ?? 0
            let free = picture.inventory.free(on: group.hostID, during: window).vcpuMilli
            guard free <= all - Int64(group.count) * 1_000 else {
                throw BenchFailure("the planner's picture does not show what was committed before it was asked")
            }
        }
        return times
    }

    /// Milliseconds of a refresh while a thousand orders, no two of them alike, wait for more than any host has left: half of them
    /// anywhere, the others in one province each.
    private func refreshesBesideWaiting(on ground: LedgerGround) async throws -> [Double] {
        let rows = try await ground.pool.rows("SELECT max(vcpu_milli) AS most FROM muster.host")
        let most = try rows[0].decode("most", as: Int64.self)
        let planner = Planner(store: ground.store)
        let start = try await planner.current().now.wholeSecond + .seconds(86_400)
        for number in 0..<Self.waiting {
            // What is reserved anywhere is a twelfth of its host, and of each host something is.
            let vcpuMilli = most - Int64(number * 337 % Self.waiting) * most / 20_000
            let window = Window(start: start, duration: .seconds(7 * 86_400 - number * 7 % 3_600))
            var request = LedgerGround.request(10, vcpuMilli: vcpuMilli, in: window)
            request.fulfilment = Fulfilment(policy: .bestEffort, topUp: true)
            if number % 2 == 1 {
                request.scope.include = [Scope.Selector(province: Province.all[number % Province.all.count].code)]
            }
            _ = try await ground.order(request, in: window)
        }
        var times: [Double] = []
        for _ in 0..<changes {
            let began = ContinuousClock.now
            _ = try await planner.current()
            times.append((.now - began).inMilliseconds)
        }
        return times
    }

    private static let waiting = 1_000
}
