import CapacityModel
import CapacityStore
import Placement

/// Finds moves that bring free room together. Makes none.
struct Repacker: Sendable {
    /// Orders that begin sooner are left alone: their sites may be told about them any moment.
    static let lead = Duration.seconds(600)
    /// Orders and holds that are looked at, the soonest first.
    private static let ownerLimit = 10_000

    let store: Store
    let planner: Planner

    /// Proposes moves of what has not begun, as the ledger is now.
    func propose(limits: RepackingLimits) async throws(StoreError) -> RepackProposal {
        let movable = try await store.movableRows(after: Self.lead, limit: Self.ownerLimit)
        let inventory = try await planner.current().inventory
        let repacking = proposeMoves(
            of: movable.map { MovableReservation(InventoryReservation($0.row), owner: $0.owner.number) },
            on: inventory, limits: limits)
        let rows = Dictionary(movable.map { ($0.row.id, $0) }) { first, _ in first }
        let moves = repacking.moves.compactMap { move in
            rows[move.reservation.id].map { row in
                ProposedMove(
                    owner: row.owner, count: row.count, move: RowMove(row: row.row, to: move.to),
                    site: inventory.site(move.site)?.name ?? "", from: inventory.host(row.row.host)?.name ?? "",
                    to: inventory.host(move.to)?.name ?? ""
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
