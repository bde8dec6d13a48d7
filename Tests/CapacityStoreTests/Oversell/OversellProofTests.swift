import CapacityModel
import CapacityStore
import FoundationEssentials
import Postgres
import Synchronization
import TestSupport
import Testing

/// Whether this run is the long one of `Scripts/bench ledger`; the tests of a change run the short one.
private let isLong = ProcessInfo.processInfo.environment["MUSTER_LEDGER"] == "long"

@Suite("The ledger under a rush", .freshDatabase, .timeLimit(.minutes(isLong ? 60 : 3)))
struct OversellProofTests {
    @Test("is never oversold, and refuses nothing that writers one after the other would have been granted")
    func rush() async throws {
        let ledger = try await Ledger.open(LedgerRush.sizes(isLong ? 50 : 9))
        try await ledger.store.pool.withSession { session in try await Tickets.install(in: session) }
        let rush = LedgerRush(
            ledger: ledger, writers: isLong ? 64 : 16, orders: isLong ? 100_000 : 1_200,
            seed: UInt64.random(in: 0..<1_000_000)
        )
        let looks = Mutex<(count: Int, oversold: Int)>((0, 0))
        let answers = try await rush.run {
            let oversold = try await ledger.oversold()
            looks.withLock { $0 = ($0.count + 1, $0.oversold + oversold) }
        }
        let fleet = try await ledger.store.fleetSnapshot().hosts.reduce(into: [:]) { $0[$1.id] = $1.allocatable }
        let verdict = SerialOracle.verdict(on: answers, fleet: fleet)
        let (count, oversold) = looks.withLock { $0 }

        try BenchFigures.note("ledger.orders", Double(rush.orders), "orders")
        try BenchFigures.note("ledger.answers", Double(answers.count), "answers")
        try BenchFigures.note("ledger.refused", Double(answers.count { !$0.isGranted }), "answers")
        try BenchFigures.note("ledger.looks", Double(count), "looks")
        try BenchFigures.note("ledger.oversold", Double(oversold), "breaches", atMost: 0)
        try BenchFigures.note(
            "ledger.wrong_refusals", Double(verdict.wrongRefusals.count), "orders", atMost: 0)
        #expect(oversold == 0, "seed \(rush.seed), in \(count) looks")
        #expect(count > 1, "somebody looked meanwhile")
        #expect(verdict.wrongGrants.isEmpty, "seed \(rush.seed): \(verdict.wrongGrants.first as Any)")
        #expect(verdict.wrongRefusals.isEmpty, "seed \(rush.seed): \(verdict.wrongRefusals.first as Any)")
        #expect(Set(answers.map(\.ticket)).count == answers.count)
        #expect(Set(verdict.bound.keys) == ["vcpu", "memory", "disk", "bandwidth", "gpu", "gpuShare", "gpuModel"])
    }
}
