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
    /// Whether nothing is deployed on it: it is held, or under offer.
    package var isHold: Bool
    /// Whose it is, where that matters: on a host of which something is protected.
    package var tenantClass: TenantClass?
    /// How many instances `amounts` are the total of.
    package var instances: Int

    package init(
        id: Int64, host: HostID, held: Window, amounts: Resources, devices: [Int] = [], isHold: Bool = false,
        tenantClass: TenantClass? = nil, instances: Int = 1
    ) {
        self.id = id
        self.host = host
        self.held = held
        self.amounts = amounts
        self.devices = devices
        self.isHold = isHold
        self.tenantClass = tenantClass
        self.instances = instances
    }
}

/// What is taken from one host, as a step function of time.
///
/// Ten reservations make at most twenty steps, and a query reads only those its window touches. The sums are made
/// when the calendar changes, which is rare, and not when it is asked, which is for every quote and every host.
///
/// It is a stretch of columns that the calendars of a whole fleet may share (`CalendarColumns`): a quote goes over all
/// hosts, and most of its time would go into waiting for memory that lies about. A calendar that changes gets columns of
/// its own. The instants stand apart from the amounts, and as plain numbers, so that finding the first step stays in a
/// few cache lines.
struct HostCalendar: Hashable, Sendable {
    /// When each step begins, in microseconds since the epoch, strictly rising. Before the first nothing is taken.
    private var starts: ArraySlice<Int64>
    /// Beside `starts`, at the same indices: what is taken up to the next step. The last takes nothing.
    private var taken: ArraySlice<Amounts>
    /// What is taken of each GPU.
    private(set) var devices: DeviceCalendar

    static let empty = HostCalendar([])

    /// Counting so many steps is quicker than halving them: there is nothing to guess wrong.
    private static let countedSteps = 32

    var isEmpty: Bool { starts.isEmpty }

    init(_ reservations: some Sequence<InventoryReservation>) {
        var columns = CalendarColumns()
        let steps = columns.append(reservations)
        self.init(columns, steps, devices: DeviceCalendar(reservations))
    }

    /// The calendar of the host whose `steps` those are.
    init(_ columns: CalendarColumns, _ steps: Range<Int>, devices: DeviceCalendar) {
        starts = columns.starts[steps]
        taken = columns.taken[steps]
        self.devices = devices
    }

    /// The same calendar with one reservation more.
    func adding(_ reservation: InventoryReservation) -> HostCalendar {
        var calendar = self
        calendar.devices = devices.adding(reservation)
        calendar.change(by: Amounts(reservation.amounts), during: reservation.held)
        return calendar
    }

    /// Takes `amounts` more throughout `window`, or less where they are negative. Devices stay as they are.
    mutating func change(by amounts: Amounts, during window: Window) {
        guard window.start < window.end else { return }
        let first = step(at: window.start.microsecondsSinceEpoch)
        let last = step(at: window.end.microsecondsSinceEpoch)
        for index in first..<last { taken[index] += amounts }
        // Where nothing changes there is no step, so that a calendar of nothing is empty.
        for index in [last, first] where taken[index] == level(before: index) {
            starts.remove(at: index)
            taken.remove(at: index)
        }
    }

    /// Forgets what was taken before `instant`. Devices stay as they are.
    mutating func forget(before instant: Instant) {
        let instant = instant.microsecondsSinceEpoch
        let next = firstStep(after: instant)
        guard next > starts.startIndex else { return }
        let kept = taken[next - 1] == .zero ? next : next - 1
        if kept < next { starts[kept] = instant }
        starts = starts[kept...]
        taken = taken[kept...]
    }

    /// The position of the step that begins at `instant`, made where there is none.
    private mutating func step(at instant: Int64) -> Int {
        let index = firstStep(after: instant)
        if index > starts.startIndex, starts[index - 1] == instant { return index - 1 }
        starts.insert(instant, at: index)
        taken.insert(level(before: index), at: index)
        return index
    }
}

extension HostCalendar {
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
            let next = index < starts.endIndex ? min(starts[index], end) : end
            body(level(before: index), next - at)
            at = next
            index += 1
        }
    }

    /// Whether `condition` holds of what is taken at every step of `window`; asks no more once it does not.
    func allSteps(during window: Window, _ condition: (_ taken: Amounts) -> Bool) -> Bool {
        var index = firstStep(after: window.start.microsecondsSinceEpoch)
        guard condition(level(before: index)) else { return false }
        while index < starts.endIndex, starts[index] < window.end.microsecondsSinceEpoch {
            guard condition(taken[index]) else { return false }
            index += 1
        }
        return true
    }

    /// An instant at which what is taken changes: whether something comes free there, and whether more is taken.
    typealias ChangeBody = (Instant, _ frees: Bool, _ takes: Bool) -> Void

    /// Calls `body` for each change after `start` and up to `end`; in order for amounts, and for each device.
    func forEachChange(after start: Instant, upTo end: Instant, _ body: ChangeBody) {
        var index = firstStep(after: start.microsecondsSinceEpoch)
        while index < starts.endIndex, starts[index] <= end.microsecondsSinceEpoch {
            let before = level(before: index)
            body(
                Instant(microsecondsSinceEpoch: starts[index]), taken[index].isBelowSomewhere(before),
                before.isBelowSomewhere(taken[index]))
            index += 1
        }
        devices.forEachChange(after: start, upTo: end, body)
    }

    private func level(before index: Int) -> Amounts {
        index > starts.startIndex ? taken[index - 1] : .zero
    }

    private func firstStep(after instant: Int64) -> Int {
        var low = starts.startIndex
        var high = starts.endIndex
        guard high - low > Self.countedSteps else {
            for start in starts { low += start <= instant ? 1 : 0 }
            return low
        }
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
