import CapacityModel

/// The steps of many calendars, one behind the other in the order of the hosts.
struct CalendarColumns: Sendable {
    /// When each step begins, in microseconds since the epoch.
    private(set) var starts: [Int64] = []
    /// Beside `starts`: what is taken up to the next step.
    private(set) var taken: [Amounts] = []

    mutating func reserveCapacity(_ steps: Int) {
        starts.reserveCapacity(steps)
        taken.reserveCapacity(steps)
    }

    /// Adds the steps of a host with these reservations, and says where they are.
    mutating func append(_ reservations: some Sequence<InventoryReservation>) -> Range<Int> {
        var changes: [(at: Int64, isStart: Bool, amounts: Amounts)] = []
        for reservation in reservations where reservation.held.start < reservation.held.end {
            let amounts = Amounts(reservation.amounts)
            changes.append((reservation.held.start.microsecondsSinceEpoch, true, amounts))
            changes.append((reservation.held.end.microsecondsSinceEpoch, false, amounts))
        }
        changes.sort { $0.at < $1.at }

        let first = starts.count
        var sum = Amounts.zero
        for change in changes {
            if change.isStart { sum += change.amounts } else { sum -= change.amounts }
            if starts.count > first, starts.last == change.at {
                taken[taken.count - 1] = sum
            } else {
                starts.append(change.at)
                taken.append(sum)
            }
        }
        return first..<starts.count
    }
}
