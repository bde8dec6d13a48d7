package import CapacityModel

/// The body of `POST /v1/repack`.
package struct RepackRequest: Hashable, Sendable {
    /// Whether the moves are made, and not only proposed.
    package var apply: Bool
    /// At most so many.
    package var moves: Int
    /// Whether what runs may move too: a replacement is delivered first.
    package var running: Bool
    /// The stored proposal whose moves are made, instead of computing them anew.
    package var proposal: Int64?

    package static let movesRange = 1...2_000
    package static let usualMoves = 500

    package init(apply: Bool = false, moves: Int = Self.usualMoves, running: Bool = false, proposal: Int64? = nil) {
        self.apply = apply
        self.running = running
        self.moves = moves
        self.proposal = proposal
    }

    package static func read(_ body: JSONValue) -> Result<RepackRequest, InvalidBody> {
        FieldReader.readBody(body) { reader in
            let range = Int64(movesRange.lowerBound)...Int64(movesRange.upperBound)
            let apply = reader.bool("apply") ?? false
            let moves = reader.integer("moves", in: range)
            let running = reader.bool("running") ?? false
            let proposal = reader.integer("proposal", in: 1...Int64.max)
            if proposal != nil {
                if !apply {
                    reader.report(
                        "proposal", .contradiction, "names what to make: it needs \"apply\": true; GET shows it")
                }
                if running {
                    reader.report("running", .contradiction, "a stored proposal has nothing that runs")
                }
                if moves != nil {
                    reader.report("moves", .contradiction, "a stored proposal is made with all its moves")
                }
            }
            return RepackRequest(
                apply: apply, moves: moves.map { Int($0) } ?? usualMoves, running: running, proposal: proposal)
        }
    }
}

/// What re-packing would move, or has moved, and what it wins.
package struct RepackView: Codable, Sendable, Hashable {
    package struct Move: Codable, Sendable, Hashable {
        /// The id of an order or a reservation.
        package var of: String
        package var count: Int
        package var site: String
        package var from: String
        package var to: String
        /// From when until when the hosts' capacity is taken, lead and grace included.
        package var start: Instant
        package var end: Instant
        package var vcpu: Double
        package var memoryMiB: Int64
        /// Whether its instances run. Then `made` says that their replacements are on their way.
        package var running: Bool
        package var made: Bool

        package init(
            of: String, count: Int, site: String, from: String, to: String, held: Window, vcpu: Double,
            memoryMiB: Int64, running: Bool, made: Bool
        ) {
            self.running = running
            self.of = of
            self.count = count
            self.site = site
            self.from = from
            self.to = to
            start = held.start
            end = held.end
            self.vcpu = vcpu
            self.memoryMiB = memoryMiB
            self.made = made
        }
    }

    package var applied: Bool
    /// In the order in which they are made.
    package var moves: [Move]
    /// Of all moves together: hours in which one more instance of 32 vCPU and 96 GiB has room, over all hosts.
    package var largeSlotHours: Double
    /// Hosts that have nothing reserved any more.
    package var hostsEmptied: Int
    /// Why the later moves were not made, where they were not.
    package var stopped: String?
    /// The stored proposal that this is; absent of one that was computed for the call.
    package var proposal: Int64?
    package var proposedAt: Instant?
    /// The version of the fleet that it was made for.
    package var inventoryVersion: Int64?

    package init(
        applied: Bool, moves: [Move], largeSlotHours: Double, hostsEmptied: Int, stopped: String?,
        proposal: Int64? = nil, proposedAt: Instant? = nil, inventoryVersion: Int64? = nil
    ) {
        self.proposal = proposal
        self.proposedAt = proposedAt
        self.inventoryVersion = inventoryVersion
        self.applied = applied
        self.moves = moves
        self.largeSlotHours = largeSlotHours
        self.hostsEmptied = hostsEmptied
        self.stopped = stopped
    }
}
