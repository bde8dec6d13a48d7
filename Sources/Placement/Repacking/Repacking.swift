package import CapacityModel

/// A reservation that may stand on another host of its site, because nothing of it runs yet.
package struct MovableReservation: Hashable, Sendable {
    package var reservation: InventoryReservation
    /// Whose it is. Two rows of one owner are never brought together on one host, so whatever its order says of hosts
    /// stays kept.
    package var owner: Int64

    package init(_ reservation: InventoryReservation, owner: Int64) {
        self.reservation = reservation
        self.owner = owner
    }
}

/// Moves of reservations and what they win. Nothing moves by proposing it.
package struct Repacking: Hashable, Sendable {
    package struct Move: Hashable, Sendable {
        package var reservation: InventoryReservation
        package var site: SiteID
        /// Where it goes; `reservation.host` is where it stands.
        package var to: HostID

        package init(reservation: InventoryReservation, site: SiteID, to: HostID) {
            self.reservation = reservation
            self.site = site
            self.to = to
        }
    }

    /// In the order in which they are to be made: after each of them everything fits.
    package var moves: [Move] = []
    /// Seconds during which one more instance of 32 vCPU and 96 GiB has room, over all hosts.
    package var slotSecondsWon: Int64 = 0
    /// Hosts on which something was reserved before and nothing is after.
    package var hostsEmptied = 0

    package init() {}
}

/// How far a re-packing goes.
package struct RepackingLimits: Hashable, Sendable {
    package var moves: Int
    /// How often the room of a host may be looked at: work and not time, because a clock would make the proposal depend on
    /// the machine. A million take about a tenth of a second.
    package var attempts: Int
    /// What was before does not count, where rows are to move that have begun.
    package var from: Instant?

    package init(moves: Int = 500, attempts: Int = 5_000_000, from: Instant? = nil) {
        self.from = from
        self.moves = moves
        self.attempts = attempts
    }
}

/// Proposes moves of `movable` within their sites that bring large slots together and empty hosts.
///
/// Pure and deterministic. Sites, and with them every spread rule above the host, stay as they are. The hosts that win most
/// for each row come first: all that is movable leaves them, or, where that does not pay, one row does. A step is taken
/// where it wins time of large slots, or loses none and leaves a host empty; nothing is moved onto an empty host. So each
/// step is a gain, none is ever taken back, and the search ends. It proves nothing: a better re-packing may exist.
///
/// Rows with GPUs stay where they are, and so do those of hosts that are not in the fleet.
package func proposeMoves(
    of movable: [MovableReservation],
    on inventory: Inventory,
    limits: RepackingLimits = RepackingLimits()
) -> Repacking {
    var board = RepackingBoard(movable, on: inventory, limits: limits)
    board.run()
    return board.repacking
}
