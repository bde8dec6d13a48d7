package import CapacityModel

/// Up to when each host of `groups` has room for its count of `unit`, from `start` on and no later than `end`.
///
/// For an order that would stay where it is for longer. GPUs are left out: which device is free then is the ledger's to say.
package func endOfRoom(
    for groups: [Plan.Group], of unit: Resources, from start: Instant, upTo end: Instant, on inventory: Inventory
) -> Instant {
    var last = end
    for group in groups {
        guard let host = inventory.hostIndex(of: group.host) else { return start }
        let calendar = inventory.calendars[host]
        func hasRoom(_ window: Window) -> Bool {
            var free = inventory.allocatable[host]
            free -= calendar.peak(during: window)
            return free.fits(Amounts(unit)) >= group.count
        }
        guard start < last else { return start }
        guard !hasRoom(Window(start: start, end: last)) else { continue }
        // Room ends where more is taken, or was never there.
        var ends: [Instant] = [start]
        calendar.forEachChange(after: start, upTo: last) { instant, _, takes in
            if takes { ends.append(instant) }
        }
        ends.sort()
        last = ends.last { $0 == start || hasRoom(Window(start: start, end: $0)) } ?? start
    }
    return last
}
