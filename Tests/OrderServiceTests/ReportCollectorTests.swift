import CapacityStore
import Postgres
import Synchronization
import Testing

@testable import OrderService

@Suite("The report collector", .timeLimit(.minutes(5)))
struct ReportCollectorTests {
    /// Remembers the batches it was given; a report of the site `broken` breaks its transaction.
    private final class Shelf: Sendable {
        let batches = Mutex<[[String]]>([])

        func absorb(_ reports: [SiteReport]) throws -> [String: Int64] {
            batches.withLock { $0.append(reports.map(\.site).sorted()) }
            if reports.contains(where: { $0.site == "broken" }) {
                throw StoreError.broken(PostgresError(kind: .check, message: "no"))
            }
            let known = reports.filter { $0.site != "unknown" }
            return Dictionary(uniqueKeysWithValues: known.map { ($0.site, $0.sequence) })
        }
    }

    private func collector(_ shelf: Shelf) -> ReportCollector {
        ReportCollector(company: .milliseconds(50)) { try shelf.absorb($0) }
    }

    @Test("reports that arrive together are stored together, each answered with its own")
    func together() async throws {
        let shelf = Shelf()
        let collector = collector(shelf)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 1...20 {
                group.addTask {
                    let report = SiteReport(site: "s\(number)", sequence: Int64(number), observations: [])
                    return try await collector.submit(report) == Int64(number)
                }
            }
            for try await isOwn in group { #expect(isOwn) }
        }
        #expect(shelf.batches.withLock { $0.count } < 20)
        #expect(shelf.batches.withLock { $0.joined().count } == 20)
    }

    @Test("two reports of one site never share a batch")
    func oneEach() async throws {
        let shelf = Shelf()
        let collector = collector(shelf)
        async let first = collector.submit(SiteReport(site: "a", sequence: 1, observations: []))
        async let second = collector.submit(SiteReport(site: "a", sequence: 2, observations: []))
        let sequences = try await [first, second]
        #expect(sequences == [1, 2])
        #expect(shelf.batches.withLock { $0 } == [["a"], ["a"]])
    }

    @Test("one broken report does not break the others'")
    func broken() async throws {
        let shelf = Shelf()
        let collector = collector(shelf)
        async let good = collector.submit(SiteReport(site: "a", sequence: 1, observations: []))
        async let bad = collector.submit(SiteReport(site: "broken", sequence: 1, observations: []))
        let sequence = try await good
        #expect(sequence == 1)
        do {
            _ = try await bad
            Issue.record("the broken report was stored")
        } catch let error as StoreError {
            #expect(error != .stale)
        }
    }

    @Test("a report of an unknown site is told so")
    func unknown() async {
        let collector = collector(Shelf())
        await #expect(throws: (any Error).self) {
            try await collector.submit(SiteReport(site: "unknown", sequence: 1, observations: []))
        }
    }
}
