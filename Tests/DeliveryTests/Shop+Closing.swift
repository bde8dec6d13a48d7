import CapacityModel
import CapacityStore
import Delivery
import Logging
import Testing

extension Shop {
    var fleet: FleetDesk { FleetDesk(desk) }

    /// Closes a place, in seconds after opening.
    func close(
        _ kind: Closure.Kind, _ place: FleetPlace, from start: Int64? = nil, to end: Int64? = nil, drains: Bool = false
    ) async throws {
        let outcome = try await fleet.close(
            NewClosure(
                kind: kind, place: place, start: start.map { Self.opening + .seconds($0) },
                end: end.map { Self.opening + .seconds($0) }, drains: drains, reason: "a test"
            )
        )
        guard case .closed = outcome else { throw StoreError.stale }
    }

    /// How many instances of an order each host has.
    func places(_ id: OrderID) async throws -> [String: Int] {
        try await store.groups(of: [id])[id, default: []].reduce(into: [:]) { $0[$1.host, default: 0] += $1.count }
    }

    /// How much of a hold each host has.
    func places(_ id: HoldID) async throws -> [String: Int] {
        try await store.groups(ofHolds: [id])[id, default: []].reduce(into: [:]) { $0[$1.host, default: 0] += $1.count }
    }

    func hostState(_ name: String) async throws -> ServingState? {
        try await store.hosts(site: nil, after: nil, limit: 1_000).first { $0.name == name }?.state
    }

    /// Runs the sweep once more, by its own clock half a minute later.
    func runSweepAgain() async throws {
        try await clock(31)
        try await sweep()
    }
}
