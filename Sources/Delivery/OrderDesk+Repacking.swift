package import CapacityModel
package import CapacityStore
import Placement

/// What a re-packing would move, or has moved, and what it wins.
package struct RepackOutcome: Hashable, Sendable {
    package struct Move: Hashable, Sendable {
        package var owner: MovableRow.Owner
        package var count: Int
        package var site: String
        package var from: String
        package var to: String
        package var held: Window
        package var amounts: Resources
        /// Whether the ledger has it; never of a proposal.
        package var isMade: Bool
    }

    package var moves: [Move]
    /// Of all moves together: seconds of room for one more 32C96G, over all hosts.
    package var slotSecondsWon: Int64
    package var hostsEmptied: Int
    /// Why the moves after those that are made were not; `nil` where there is nothing to say.
    package var stopped: String?
}

extension OrderDesk {
    /// Orders that begin sooner are left alone: their sites may be told about them any moment.
    package static let repackingLead = Duration.seconds(600)
    /// Orders and holds that are looked at, the soonest first.
    private static let repackedOwners = 10_000
    /// Moves that commit together.
    private static let movesAtOnce = 50

    /// Proposes at most `moves` moves of what has not begun and, if asked to, makes them.
    ///
    /// They are made in their order, so many in a transaction, each only where its row still stands where it stood. The first
    /// batch that the ledger refuses, since somebody took the room in between, ends it: what is made stays, and fits.
    package func repack(moves limit: Int, apply: Bool) async throws(StoreError) -> RepackOutcome {
        let movable = try await store.movableRows(after: Self.repackingLead, limit: Self.repackedOwners)
        let inventory = try await planner.current().inventory
        let repacking = proposeMoves(
            of: movable.map { MovableReservation(InventoryReservation($0.row), owner: $0.owner.number) },
            on: inventory, limits: RepackingLimits(moves: limit))
        let rows = Dictionary(movable.map { ($0.row.id, $0) }) { first, _ in first }
        let moves = repacking.moves.compactMap { move in
            rows[move.reservation.id].map { RowMove(row: $0.row, to: move.to) }
        }
        let made = try await apply ? make(moves) : (rows: [], stopped: nil)
        return RepackOutcome(
            moves: repacking.moves.compactMap { move in
                rows[move.reservation.id].map { row in
                    RepackOutcome.Move(
                        owner: row.owner, count: row.count, site: inventory.site(move.site)?.name ?? "",
                        from: inventory.host(move.reservation.host)?.name ?? "",
                        to: inventory.host(move.to)?.name ?? "", held: row.row.held, amounts: row.row.amounts,
                        isMade: made.rows.contains(row.row.id)
                    )
                }
            },
            slotSecondsWon: repacking.slotSecondsWon, hostsEmptied: repacking.hostsEmptied, stopped: made.stopped
        )
    }

    private func make(_ moves: [RowMove]) async throws(StoreError) -> (rows: Set<Int64>, stopped: String?) {
        var made: Set<Int64> = []
        for start in stride(from: 0, to: moves.count, by: Self.movesAtOnce) {
            do {
                made.formUnion(try await store.move(Array(moves[start..<min(moves.count, start + Self.movesAtOnce)])))
            } catch .oversold(let detail) {
                return (made, detail)
            }
        }
        return (made, nil)
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
