import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Logging

extension Shop {
    /// What an instance of ``request(_:start:duration:grace:fulfilment:spread:)`` takes.
    static let unit = Resources(vcpuMilli: 1_000, memoryMiB: 1_024)

    /// Holds `count` such units and expects to be served. In seconds; without a `duration` open-ended.
    func hold(
        _ count: Int, start: Int64? = nil, duration: Int64? = nil, grace: Int64 = 0, timeToLive: Int64 = 86_400
    ) async throws -> HoldRecord {
        let request = HoldRequest(
            unit: Self.unit, count: count, start: start.map { Self.opening + .seconds($0) },
            duration: duration.map { .seconds($0) }, grace: .seconds(grace), timeToLive: .seconds(timeToLive)
        )
        let outcome = try await desk.hold(request, tenant: tenant, idempotency: nil)
        guard case .held(let record, _) = outcome else { throw NotHeld(outcome: outcome) }
        return record
    }

    struct NotHeld: Error {
        var outcome: HoldOutcome
    }

    func record(_ id: HoldID) async throws -> HoldRecord {
        guard let record = try await store.hold(id, tenant: tenant) else { throw StoreError.stale }
        return record
    }

    /// Orders out of a hold and expects to be served.
    func drawn(_ request: OrderRequest, from hold: HoldID) async throws -> OrderRecord {
        let outcome = try await desk.order(request, from: hold, tenant: tenant, idempotency: nil)
        guard case .accepted(let record, _) = outcome else { throw Unserved(outcome: outcome) }
        return record
    }

    /// Orders out of a hold, and says why that does not fit, where it does not.
    func misfit(_ request: OrderRequest, from hold: HoldID) async throws -> HoldMisfit? {
        let outcome = try await desk.order(request, from: hold, tenant: tenant, idempotency: nil)
        if case .misfit(let misfit) = outcome { return misfit } else { return nil }
    }

    /// Orders, and says whether that was refused.
    func isRefused(_ request: OrderRequest) async throws -> Bool {
        let outcome = try await desk.order(request, quoteID: nil, tenant: tenant, idempotency: nil)
        if case .refused = outcome { return true } else { return false }
    }

    /// Another tenant.
    func customer(_ name: String) async throws -> TenantID {
        let hash = Array(Array(name.utf8 + Array(repeating: 0, count: 32)).prefix(32))
        try await store.createKey(role: "tenant", tenant: name, prefix: "mk_t", hash: hash)
        guard case .tenant(let tenant)? = try await store.principal(keyHash: hash)?.role else { throw StoreError.stale }
        return tenant
    }

    /// Runs the sweep that every worker runs.
    func sweep() async throws {
        try await SweepOrders.ensure(in: store)
        let logger = Logger(label: "shop") { _ in SwiftLogNoOpLogHandler() }
        let sweep = SweepOrders(store: store, planner: planner, bell: bell, logger: logger)
        while try await JobQueue.runNext([sweep], of: ["orders"], in: pool) != nil {}
    }

    /// Runs the reconcilers that are due, as a worker would.
    func work() async throws {
        while try await JobQueue.runNext([reconciler], of: ["orders"], in: pool) != nil {}
    }
}
