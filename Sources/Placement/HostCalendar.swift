package import CapacityModel

/// Capacity taken out of one host for a stretch of time: one row of the ledger.
package struct InventoryReservation: Hashable, Sendable {
    package var id: Int64
    package var host: HostID
    /// From the first to the last moment it is taken, lead and grace included. Of a row whose window is over and that
    /// is not released yet, the store extends the end before it hands it in.
    package var held: Window
    /// The total of the row, not of one instance.
    package var amounts: Resources
    /// The GPUs of the host that the row is on, by index: each is taken whole, or for the row's shares.
    package var devices: [Int]

    package init(id: Int64, host: HostID, held: Window, amounts: Resources, devices: [Int] = []) {
        self.id = id
        self.host = host
        self.held = held
        self.amounts = amounts
        self.devices = devices
    }
}

/// What is taken from one host, as a step function of time.
///
/// Ten reservations make at most twenty steps, and a query reads only those its window touches. The sums are made
/// when the calendar changes, which is rare, and not when it is asked, which is for every quote and every host. The
/// instants stand apart from the amounts, and as plain numbers, so that finding the first step stays in a few cache
/// lines.
struct HostCalendar: Hashable, Sendable {
    /// When each step begins, in microseconds since the epoch, strictly rising. Before the first nothing is taken.
    private var starts: [Int64]
    /// Beside `starts`: what is taken up to the next step. The last takes nothing.
    private var taken: [Amounts]
    /// What is taken of each GPU.
    let devices: DeviceCalendar

    static let empty = HostCalendar([])

    var isEmpty: Bool { starts.isEmpty }

    private init(starts: [Int64], taken: [Amounts], devices: DeviceCalendar) {
        self.starts = starts
        self.taken = taken
        self.devices = devices
    }

    init(_ reservations: some Sequence<InventoryReservation>) {
        var changes: [(at: Int64, isStart: Bool, amounts: Amounts)] = []
        for reservation in reservations where reservation.held.start < reservation.held.end {
            let amounts = Amounts(reservation.amounts)
            changes.append((reservation.held.start.microsecondsSinceEpoch, true, amounts))
            changes.append((reservation.held.end.microsecondsSinceEpoch, false, amounts))
        }
        changes.sort { $0.at < $1.at }

        var starts: [Int64] = []
        var taken: [Amounts] = []
        var sum = Amounts.zero
        for change in changes {
            if change.isStart { sum += change.amounts } else { sum -= change.amounts }
            if starts.last == change.at {
                taken[taken.count - 1] = sum
            } else {
                starts.append(change.at)
                taken.append(sum)
            }
        }
        self.starts = starts
        self.taken = taken
        devices = DeviceCalendar(reservations)
    }

    /// The same calendar with one reservation more.
    func adding(_ reservation: InventoryReservation) -> HostCalendar {
        let start = reservation.held.start.microsecondsSinceEpoch
        let end = reservation.held.end.microsecondsSinceEpoch
        guard start < end else { return self }
        let amounts = Amounts(reservation.amounts)
        let instants = Set(starts + [start, end]).sorted()
        return HostCalendar(
            starts: instants,
            taken: instants.map { instant in
                let index = firstStep(after: instant)
                var sum = index > 0 ? taken[index - 1] : .zero
                if start <= instant, instant < end { sum += amounts }
                return sum
            },
            devices: devices.adding(reservation)
        )
    }

    /// The most that is taken of each resource at any moment of `window`, each by itself.
    ///
    /// How often one unit fits throughout the window follows from these peaks alone, because the least over time of a
    /// least over resources is the least over resources of a least over time.
    func peak(during window: Window) -> Amounts {
        var peak = Amounts.zero
        forEachStep(during: window) { taken, _ in peak.rise(to: taken) }
        return peak
    }

    /// Calls `body` with what is taken at each step of `window`, and for how many microseconds of it; nothing of an empty
    /// window.
    func forEachStep(during window: Window, _ body: (_ taken: Amounts, _ microseconds: Int64) -> Void) {
        var at = window.start.microsecondsSinceEpoch
        let end = window.end.microsecondsSinceEpoch
        var index = firstStep(after: at)
        while at < end {
            let next = index < starts.count ? min(starts[index], end) : end
            body(index > 0 ? taken[index - 1] : .zero, next - at)
            at = next
            index += 1
        }
    }

    /// Takes `amounts` more throughout `window`, or less where they are negative. Devices stay as they are.
    mutating func change(by amounts: Amounts, during window: Window) {
        let first = step(at: window.start.microsecondsSinceEpoch)
        let last = step(at: window.end.microsecondsSinceEpoch)
        for index in first..<last { taken[index] += amounts }
        // Where nothing changes there is no step, so that a calendar of nothing is empty.
        for index in [last, first] where taken[index] == (index > 0 ? taken[index - 1] : .zero) {
            starts.remove(at: index)
            taken.remove(at: index)
        }
    }

    /// The position of the step that begins at `instant`, made where there is none.
    private mutating func step(at instant: Int64) -> Int {
        let index = firstStep(after: instant)
        if index > 0, starts[index - 1] == instant { return index - 1 }
        starts.insert(instant, at: index)
        taken.insert(index > 0 ? taken[index - 1] : .zero, at: index)
        return index
    }

    /// The instants after `start` and up to `end` at which some resource comes free.
    func releases(after start: Instant, upTo end: Instant) -> [Instant] {
        var instants: [Instant] = []
        var index = max(1, firstStep(after: start.microsecondsSinceEpoch))
        while index < starts.count, starts[index] <= end.microsecondsSinceEpoch {
            if taken[index].isBelowSomewhere(taken[index - 1]) {
                instants.append(Instant(microsecondsSinceEpoch: starts[index]))
            }
            index += 1
        }
        return instants + devices.releases(after: start, upTo: end)
    }

    private func firstStep(after instant: Int64) -> Int {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
