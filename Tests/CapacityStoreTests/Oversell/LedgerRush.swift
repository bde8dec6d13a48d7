import CapacityModel
import CapacityStore
import Postgres
import Synchronization
import TestSupport

/// Many writers at once on few hosts, without a planner: they take at random, give back, move ends, and make for where
/// the others have just been.
struct LedgerRush: Sendable {
    let ledger: Ledger
    var writers: Int
    /// Orders of all writers together; what else they ask comes on top.
    var orders: Int
    var seed: UInt64

    /// Hosts in which each resource is scarce in turn: every third without GPUs, the others with one of two models.
    static func sizes(_ count: Int) -> [Resources] {
        (0..<count).map { index in
            let model = [nil, "G2", "T4"][index % 3]
            return Resources(
                vcpuMilli: 32_000, memoryMiB: 65_536, diskGiB: 1_000, bandwidthMbps: 10_000, gpuModel: model,
                gpuCount: model == nil ? 0 : 8
            )
        }
    }

    /// What all were answered, while `watch` looks on every few answers and once at the end.
    func run(watching watch: @escaping @Sendable () async throws -> Void) async throws -> [LedgerAnswer] {
        let lures = Lures()
        let (answered, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return try await withThrowingTaskGroup(of: [LedgerAnswer].self) { group in
            group.addTask {
                for await _ in answered { try await watch() }
                try await watch()
                return []
            }
            let answers = try await withThrowingTaskGroup(of: [LedgerAnswer].self) { group in
                defer { signal.finish() }
                for number in 0..<writers {
                    let share = orders / writers + (number < orders % writers ? 1 : 0)
                    group.addTask {
                        let writer = try await LedgerWriter(
                            ledger, seed: seed &+ UInt64(number) &* 7_919, lures: lures)
                        return try await writer.run(orders: share, signal: signal)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try await group.waitForAll()
            return answers
        }
    }
}

/// Where something was just taken: whoever wants trouble goes there.
final class Lures: Sendable {
    private let recent = Mutex<[LedgerAnswer.Take]>([])

    func note(_ take: LedgerAnswer.Take) {
        recent.withLock { recent in
            recent.append(take)
            if recent.count > 64 { recent.removeFirst() }
        }
    }

    func draw(_ random: inout Lottery) -> LedgerAnswer.Take? {
        recent.withLock { $0.isEmpty ? nil : $0[random.next(below: $0.count)] }
    }
}
