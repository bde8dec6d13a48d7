import CapacityModel
import CapacityStore
import Placement

/// Finds moves that bring free room together. Makes none.
struct Repacker: Sendable {
    /// Orders that begin sooner are left alone: their sites may be told about them any moment.
    static let lead = Duration.seconds(600)
    /// What runs no longer than this is left alone: it is gone before the move would pay.
    static let rest = Duration.seconds(600)
    /// Orders and holds that are looked at, the soonest first; and of orders that run, the longest first.
    private static let ownerLimit = 10_000

    let store: Store
    let planner: Planner

    /// Proposes moves of what has not begun, and if asked to of what runs, as the ledger is now.
    func propose(
        limits: RepackingLimits, running isRunningMoved: Bool = false
    ) async throws(StoreError) -> RepackProposal {
        let planned = try await store.movableRows(after: Self.lead, limit: Self.ownerLimit)
        let running =
            try await isRunningMoved ? store.runningRows(for: Self.rest, limit: Self.ownerLimit) : []
        let picture = try await planner.current()
        let inventory = picture.inventory
        var limits = limits
        if isRunningMoved { limits.from = picture.now.wholeSecond }
        // Whose a row is decides where it may go at a site of which something is protected: those are left as they are.
        let protected = inventory.protectedSites
        let movable = (planned + running).filter { row in
            inventory.host(row.row.host).map { !protected.contains($0.site) } ?? false
        }
        let runs = Set(running.map(\.row.id))
        let repacking = proposeMoves(
            of: movable.map { row in
                var reservation = InventoryReservation(row.row)
                if let from = limits.from { reservation.held.start = max(reservation.held.start, from) }
                return MovableReservation(reservation, owner: row.owner.number)
            },
            on: inventory, limits: limits)
        let rows = Dictionary(movable.map { ($0.row.id, $0) }) { first, _ in first }
        let moves = repacking.moves.compactMap { move in
            rows[move.reservation.id].map { row in
                ProposedMove(
                    owner: row.owner, count: row.count, move: RowMove(row: row.row, to: move.to),
                    site: inventory.site(move.site)?.name ?? "", from: inventory.host(row.row.host)?.name ?? "",
                    to: inventory.host(move.to)?.name ?? "", isRunning: runs.contains(row.row.id)
                )
            }
        }
        return RepackProposal(
            inventoryVersion: inventory.version, moves: moves,
            gain: RepackGain(slotSeconds: repacking.slotSecondsWon, hostsEmptied: repacking.hostsEmptied))
    }
}

extension MovableRow.Owner {
    /// One number for each: orders above zero, holds below.
    fileprivate var number: Int64 {
        switch self {
        case .order(let id): id.rawValue
        case .hold(let id): -id.rawValue
        }
    }
}
