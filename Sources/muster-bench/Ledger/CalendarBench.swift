import CapacityModel
import CapacityStore
import Placement
import Postgres
import Synchronization

/// How long the ledger takes to admit or refuse one reservation among ten million live ones: the statement and all that
/// the guard does in it. The commit, which waits for the disk however few there are, comes after.
struct CalendarBench {
    let arena: BenchArena
    var intervals = 10_000_000
    var checks = 1_000

    func results() async throws -> [BenchResult] {
        try await arena.withDatabase { database in
            try await LedgerGround.fill(database, with: FleetSynthesis(seed: 2))
            let ground = try await LedgerGround.open(database, size: 1)
            try await ground.reserve(intervals, hours: 24, days: 390)
            let times = try await times(on: ground)
            await ground.pool.shutdown()
            BenchReport.note(
                "admission: p50 \(percentile(times, 0.5).shown) ms, p99 \(percentile(times, 0.99).shown) ms")
            return [BenchResult(key: "calendar.p99_ms", percentile(times, 0.99), "ms", below: 10)]
        }
    }

    /// Milliseconds of each check: on any host, at any time, a quarter of a host, which now and then does not fit.
    private func times(on ground: LedgerGround) async throws -> [Double] {
        let now = try await ground.store.now().wholeSecond
        let window = Window(start: now, duration: .seconds(395 * 86_400))
        let order = try await ground.order(LedgerGround.request(1, vcpuMilli: 1_000, in: window), in: window)
        let hosts = try await ground.pool.rows("SELECT host_id FROM muster.host").map {
            try $0.decode(0, as: Int64.self)
        }
        return try await ground.pool.withSession { session in
            var random = SplitMix64(seed: 5)
            var times: [Double] = []
            for _ in 0..<checks {
                let start = (now + .seconds(86_400 + random.below(389 * 86_400))).postgres
                let host = hosts[random.below(hosts.count)]
                times.append(try await Self.time(host, from: start, order, in: session))
            }
            return times
        }
    }

    /// Milliseconds until the answer, whichever it is.
    private static func time(
        _ host: Int64, from start: Postgres.Instant, _ order: OrderID, in session: Session
    ) async throws -> Double {
        let time = Mutex(0.0)
        do {
            try await session.transaction { session in
                let began = ContinuousClock.now
                defer { time.withLock { $0 = (.now - began).inMilliseconds } }
                try session.execute(
                    """
                    INSERT INTO muster.reservation
                           (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                            bandwidth_mbps, gpu_count)
                    SELECT \(order.rawValue), host_id, tstzrange(\(start), \(start) + interval '8 hours'), 1, 1,
                           vcpu_milli / 4, memory_mib / 4, 0, 0, 0
                      FROM muster.host WHERE host_id = \(host)
                    """
                )
            }
        } catch  where StoreError(error).isOversold {
            // A refusal is an answer too.
        }
        return time.withLock { $0 }
    }
}

extension StoreError {
    /// Whether the ledger refused.
    var isOversold: Bool { if case .oversold = self { true } else { false } }
}
