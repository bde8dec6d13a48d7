package import CapacityModel
import Postgres

/// What a re-packing wins.
package struct RepackGain: Hashable, Sendable {
    /// Seconds of room for one more 32C96G, over all hosts.
    package var slotSeconds: Int64
    package var hostsEmptied: Int

    package init(slotSeconds: Int64, hostsEmptied: Int) {
        self.slotSeconds = slotSeconds
        self.hostsEmptied = hostsEmptied
    }
}

/// A move of a row with the names of what it is about.
package struct ProposedMove: Hashable, Sendable {
    package var owner: MovableRow.Owner
    package var count: Int
    package var move: RowMove
    package var site: String
    package var from: String
    package var to: String
    /// Whether its instances run. Nothing running is ever proposed in the background.
    package var isRunning: Bool

    package init(
        owner: MovableRow.Owner, count: Int, move: RowMove, site: String, from: String, to: String,
        isRunning: Bool = false
    ) {
        self.isRunning = isRunning
        self.owner = owner
        self.count = count
        self.move = move
        self.site = site
        self.from = from
        self.to = to
    }
}

/// Moves, in the order in which they are to be made, and what they win.
package struct RepackProposal: Hashable, Sendable {
    package var inventoryVersion: Int64
    package var moves: [ProposedMove]
    package var gain: RepackGain

    package init(inventoryVersion: Int64, moves: [ProposedMove], gain: RepackGain) {
        self.inventoryVersion = inventoryVersion
        self.moves = moves
        self.gain = gain
    }
}

/// What is remembered of a proposal when its moves are forgotten.
package struct RepackProposalHead: Hashable, Sendable {
    package var id: Int64
    package var proposedAt: CapacityModel.Instant
    package var inventoryVersion: Int64
    package var gain: RepackGain
}

/// Statements about the proposals of the background re-packer.
extension Store {
    /// How many proposals' gains are remembered: three days of them at one every five minutes.
    package static let proposalsKept = 864

    /// Writes a proposal down, forgets the moves of those before it, and the oldest altogether.
    package func keep(_ proposal: RepackProposal) async throws(StoreError) {
        let (moves, gain) = (proposal.moves, proposal.gain)
        try await transaction { session in
            let id = try session.rows(
                """
                INSERT INTO muster.repack_proposal (inventory_version, move_count, large_slot_seconds, hosts_emptied)
                VALUES (\(proposal.inventoryVersion), \(moves.count), \(gain.slotSeconds), \(gain.hostsEmptied))
                RETURNING repack_proposal_id
                """
            )[0].int64("repack_proposal_id")
            try Self.insert(moves, of: id, in: session)
            try session.execute("DELETE FROM muster.repack_move WHERE repack_proposal_id < \(id)")
            try session.execute(
                """
                DELETE FROM muster.repack_proposal
                 WHERE repack_proposal_id <= (SELECT repack_proposal_id FROM muster.repack_proposal
                                               ORDER BY repack_proposal_id DESC
                                              OFFSET \(Self.proposalsKept) LIMIT 1)
                """
            )
        }
    }

    private static func insert(_ moves: [ProposedMove], of id: Int64, in session: isolated Session) throws {
        let rows = moves.map(\.move.row)
        try session.execute(
            """
            INSERT INTO muster.repack_move
                (repack_proposal_id, position, reservation_id, order_id, hold_id, instance_count, from_host_id, to_host_id,
                 held, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps)
            SELECT \(id), m.position, m.reservation_id, m.order_id, m.hold_id, m.count, m.from_host, m.to_host,
                   tstzrange(m.held_from, m.held_until), m.vcpu, m.memory, m.disk, m.bandwidth
              FROM unnest(\(rows.map(\.id)), \(moves.map(\.owner.order)), \(moves.map(\.owner.hold)),
                          \(moves.map(\.count)), \(rows.map(\.host.rawValue)), \(moves.map(\.move.to.rawValue)),
                          \(rows.map(\.held.start.postgres)), \(rows.map(\.held.end.postgres)),
                          \(rows.map(\.amounts.vcpuMilli)), \(rows.map(\.amounts.memoryMiB)),
                          \(rows.map(\.amounts.diskGiB)), \(rows.map(\.amounts.bandwidthMbps)))
                   WITH ORDINALITY
                   AS m (reservation_id, order_id, hold_id, count, from_host, to_host, held_from, held_until, vcpu, memory,
                         disk, bandwidth, position)
            """
        )
    }

    /// The newest proposal with its moves; `nil` where there was none yet.
    package func newestRepackProposal() async throws(StoreError) -> (head: RepackProposalHead, moves: [ProposedMove])? {
        try await transaction { session in
            let head = try session.rows(
                """
                SELECT repack_proposal_id, proposed_at, inventory_version, large_slot_seconds, hosts_emptied
                  FROM muster.repack_proposal
                 ORDER BY repack_proposal_id DESC
                 LIMIT 1
                """
            ).first.map { row in
                RepackProposalHead(
                    id: try row.int64("repack_proposal_id"), proposedAt: try row.instant("proposed_at"),
                    inventoryVersion: try row.int64("inventory_version"),
                    gain: RepackGain(
                        slotSeconds: try row.int64("large_slot_seconds"), hostsEmptied: try row.int("hosts_emptied")))
            }
            guard let head else { return nil }
            return (head, try Self.moves(of: head.id, in: session))
        }
    }

    private static func moves(of id: Int64, in session: isolated Session) throws -> [ProposedMove] {
        try session.rows(
            """
            SELECT m.*, lower(m.held) AS held_from, upper(m.held) AS held_until, NULL::text AS gpu_model,
                   0::bigint AS gpu_count, s.name AS site, f.name AS from_host, t.name AS to_host
              FROM muster.repack_move m
              JOIN muster.host f ON f.host_id = m.from_host_id
              JOIN muster.host t ON t.host_id = m.to_host_id
              JOIN muster.site s ON s.site_id = f.site_id
             WHERE m.repack_proposal_id = \(id)
             ORDER BY m.position
            """
        ).map { row in
            ProposedMove(
                owner: try MovableRow.Owner(row), count: try row.int("instance_count"),
                move: RowMove(
                    row: LedgerRow(
                        id: try row.int64("reservation_id"), host: HostID(rawValue: try row.int64("from_host_id")),
                        held: try row.window("held_from", "held_until"), amounts: try row.resources(), devices: []),
                    to: HostID(rawValue: try row.int64("to_host_id"))),
                site: try row.text("site"), from: try row.text("from_host"), to: try row.text("to_host"))
        }
    }
}

extension MovableRow.Owner {
    /// Of a row with the columns `order_id` and `hold_id`.
    init(_ row: Row) throws {
        if let order = try row.decode("order_id", as: Int64?.self) {
            self = .order(OrderID(rawValue: order))
        } else {
            self = .hold(HoldID(rawValue: try row.int64("hold_id")))
        }
    }

    fileprivate var order: Int64? {
        if case .order(let id) = self { id.rawValue } else { nil }
    }

    fileprivate var hold: Int64? {
        if case .hold(let id) = self { id.rawValue } else { nil }
    }
}
