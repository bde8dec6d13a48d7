import CapacityAPI
import CapacityStore

/// Gathers reports of many sites that arrive together and stores them in one transaction, since a commit costs
/// milliseconds and a report microseconds. Each caller is answered after the commit that holds its report.
///
/// At most one batch is being stored at a time; what arrives meanwhile is the next one. So batches grow with the load
/// by themselves, and the wait for company is only ever paid by an idle service.
actor ReportCollector {
    /// Stores reports, each site at most once, and returns the last sequence the centre has of each site it knows.
    typealias Absorb = @Sendable ([SiteReport]) async throws -> [String: Int64]

    private struct Pending {
        var report: SiteReport
        var caller: CheckedContinuation<Int64, any Error>
    }

    private let absorb: Absorb
    private let company: Duration
    private let batchLimit: Int
    private let capacity: Int
    private let clock: any Clock<Duration>
    private var pending: [Pending] = []
    private var isStoring = false

    /// - Parameters:
    ///   - company: How long the first report of a batch waits for others.
    ///   - batchLimit: The most observations in one transaction; a single report may have more.
    ///   - capacity: The most reports that wait; others are refused and come again.
    init(
        company: Duration = .milliseconds(5),
        batchLimit: Int = 5_000,
        capacity: Int = 4_096,
        clock: any Clock<Duration> = ContinuousClock(),
        absorb: @escaping Absorb
    ) {
        self.absorb = absorb
        self.company = company
        self.batchLimit = batchLimit
        self.capacity = capacity
        self.clock = clock
    }

    /// Stores `report`, and returns the last sequence the centre then has of its site.
    func submit(_ report: SiteReport) async throws -> Int64 {
        guard pending.count < capacity else {
            throw Problem(.tooManyRequests, detail: "\(capacity) reports wait already; send this one again")
        }
        return try await withCheckedThrowingContinuation { caller in
            pending.append(Pending(report: report, caller: caller))
            guard !isStoring else { return }
            isStoring = true
            Task { await self.drain() }
        }
    }

    private func drain() async {
        // Cancelled by nobody; were it, storing at once would be right too.
        try? await clock.sleep(for: company)
        while !pending.isEmpty { await store(takeBatch()) }
        isStoring = false
    }

    /// The oldest reports, each site at most once: two of one site have an order, which a batch does not keep.
    private func takeBatch() -> [Pending] {
        var sites: Set<String> = []
        var observations = 0
        var batch: [Pending] = []
        var rest: [Pending] = []
        for entry in pending {
            let count = entry.report.observations.count
            if batch.isEmpty || (observations + count <= batchLimit && !sites.contains(entry.report.site)) {
                batch.append(entry)
                observations += count
            } else {
                rest.append(entry)
            }
            sites.insert(entry.report.site)
        }
        pending = rest
        return batch
    }

    private func store(_ batch: [Pending]) async {
        do {
            answer(batch, try await absorb(batch.map(\.report)))
        } catch StoreError.broken where batch.count > 1 {
            // One report broke the transaction of all: each alone, so that only the broken one fails.
            for entry in batch { await store([entry]) }
        } catch {
            for entry in batch { entry.caller.resume(throwing: error) }
        }
    }

    private func answer(_ batch: [Pending], _ sequences: [String: Int64]) {
        for entry in batch {
            if let sequence = sequences[entry.report.site] {
                entry.caller.resume(returning: sequence)
            } else {
                entry.caller.resume(throwing: Problem(.notFound, detail: "no site is named '\(entry.report.site)'"))
            }
        }
    }
}
