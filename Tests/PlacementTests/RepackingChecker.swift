import CapacityModel
import Placement

/// Says what is wrong with a re-packing, from the raw rows alone, hour by hour: it shares no code with the one that proposes.
struct RepackingChecker {
    let fleet: TinyFleet
    let movable: [MovableReservation]
    let large: Resources

    /// No reservation of a tiny fleet lasts longer.
    private static let hours = 0..<48

    func faults(of repacking: Repacking) -> [String] {
        var faults: [String] = []
        var now = fleet
        for move in repacking.moves {
            guard let index = now.reservations.firstIndex(where: { $0 == move.reservation }) else {
                faults.append("\(move.reservation.id) does not stand on \(move.reservation.host)")
                continue
            }
            guard let owner = movable.first(where: { $0.reservation.id == move.reservation.id })?.owner else {
                faults.append("\(move.reservation.id) is not movable")
                continue
            }
            if now.site(of: move.to)?.id != move.site || now.site(of: move.reservation.host)?.id != move.site {
                faults.append("\(move.reservation.id) leaves its site")
            }
            let ids = movable.filter { $0.owner == owner }.map(\.reservation.id)
            if now.reservations.contains(where: { $0.host == move.to && ids.contains($0.id) }) {
                faults.append("two rows of owner \(owner) on \(move.to)")
            }
            now.reservations[index].host = move.to
            if isOversold(now) { faults.append("oversold after \(move.reservation.id) moved") }
        }
        let moved = repacking.moves.map(\.reservation.id)
        if Set(moved).count != moved.count { faults.append("one moves twice") }
        let won = slotSeconds(now) - slotSeconds(fleet)
        if won != repacking.slotSecondsWon { faults.append("\(won) won, \(repacking.slotSecondsWon) said") }
        let emptied = fleet.hosts.count { isUsed($0, in: fleet) && !isUsed($0, in: now) }
        if emptied != repacking.hostsEmptied { faults.append("\(emptied) emptied, \(repacking.hostsEmptied) said") }
        if won < 0 || (won == 0 && emptied == 0 && !repacking.moves.isEmpty) { faults.append("nothing is won") }
        if fleet.hosts.contains(where: { !isUsed($0, in: fleet) && isUsed($0, in: now) }) {
            faults.append("an empty host is used")
        }
        return faults
    }

    /// `nil` where `row` may not move to `host`.
    func gain(ofMoving row: InventoryReservation, to host: HostID) -> Int64? {
        guard host != row.host, fleet.site(of: host)?.id == fleet.site(of: row.host)?.id,
            fleet.reservations.contains(where: { $0.host == host }),
            let index = fleet.reservations.firstIndex(of: row)
        else { return nil }
        var after = fleet
        after.reservations[index].host = host
        return isOversold(after) ? nil : slotSeconds(after) - slotSeconds(fleet)
    }

    private func isUsed(_ host: Host, in fleet: TinyFleet) -> Bool {
        fleet.reservations.contains { $0.host == host.id }
    }

    private func slotSeconds(_ fleet: TinyFleet) -> Int64 {
        Self.hours.reduce(0) { $0 + Int64(fleet.slots(of: large, at: .hour($1))) * 3_600 }
    }

    private func isOversold(_ fleet: TinyFleet) -> Bool {
        fleet.hosts.contains { host in
            Self.hours.contains { hour in
                var left = host.allocatable
                for row in fleet.reservations where row.host == host.id && row.held.contains(.hour(hour)) {
                    left -= row.amounts
                }
                return left.vcpuMilli < 0 || left.memoryMiB < 0
            }
        }
    }
}
