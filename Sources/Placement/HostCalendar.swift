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
/// It is a stretch of columns that the calendars of a whole fleet may share. A calendar that changes gets columns of its own.
struct HostCalendar: Sendable {
    /// What keeps the steps where they lie.
    private let columns: CalendarColumns
    fileprivate let steps: CalendarSteps
    /// What is taken of each GPU.
    private(set) var devices: DeviceCalendar

    static let empty = HostCalendar([])

    var isEmpty: Bool { steps.count == 0 }

    init(_ reservations: some Collection<InventoryReservation>) {
        let columns = CalendarColumns(capacity: 2 * reservations.count)
        self.init(columns, columns.append(reservations), devices: DeviceCalendar(reservations))
    }

    /// The calendar of the host whose `steps` those are.
    init(_ columns: CalendarColumns, _ steps: Range<Int>, devices: DeviceCalendar) {
        self.columns = columns
        self.steps = columns[steps]
        self.devices = devices
    }

    /// The same calendar with one reservation more.
    func adding(_ reservation: InventoryReservation) -> HostCalendar {
        var calendar = changed(by: Amounts(reservation.amounts), during: reservation.held)
        calendar.devices = devices.adding(reservation)
        return calendar
    }

    /// Takes `amounts` more throughout `window`, or less where they are negative. Devices stay as they are.
    mutating func change(by amounts: Amounts, during window: Window) {
        self = changed(by: amounts, during: window)
    }

    private func changed(by amounts: Amounts, during window: Window) -> HostCalendar {
        guard window.start < window.end else { return self }
        let changed = CalendarColumns(capacity: steps.count + 2)
        let (from, until) = (window.start.microsecondsSinceEpoch, window.end.microsecondsSinceEpoch)
        let (first, last) = (steps.firstStep(notBefore: from), steps.firstStep(notBefore: until))
        changed.append(steps[0..<first])
        changed.append(from, taking: steps.level(at: from, first) + amounts)
        for index in first..<last where steps[index].start > from {
            changed.append(steps[index].start, taking: steps[index].taken + amounts)
        }
        changed.append(until, taking: steps.level(at: until, last))
        for index in last..<steps.count where steps[index].start > until {
            changed.append(steps[index].start, taking: steps[index].taken)
        }
        return HostCalendar(changed, 0..<changed.count, devices: devices)
    }

    /// Forgets what was taken before `instant`. Devices stay as they are.
    mutating func forget(before instant: Instant) {
        let instant = instant.microsecondsSinceEpoch
        let next = steps.firstStep(after: instant)
        guard next > 0 else { return }
        let left = CalendarColumns(capacity: steps.count - next + 1)
        left.append(instant, taking: steps.level(before: next))
        left.append(steps[next..<steps.count])
        self = HostCalendar(left, 0..<left.count, devices: devices)
    }
}

extension HostCalendar: Hashable {
    static func == (left: HostCalendar, right: HostCalendar) -> Bool {
        left.steps == right.steps && left.devices == right.devices
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(steps)
        hasher.combine(devices)
    }
}

extension ChunkedArray<HostCalendar> {
    /// The steps of one of these calendars, without a copy of it; valid as long as these are.
    func steps(of index: Int) -> CalendarSteps { lend(index) { $0.steps } }
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
        withExtendedLifetime(columns) { steps.forEachStep(during: window, body) }
    }

    /// Whether `condition` holds of what is taken at every step of `window`; asks no more once it does not.
    func allSteps(during window: Window, _ condition: (_ taken: Amounts) -> Bool) -> Bool {
        withExtendedLifetime(columns) {
            var index = steps.firstStep(after: window.start.microsecondsSinceEpoch)
            guard condition(steps.level(before: index)) else { return false }
            while index < steps.count, steps[index].start < window.end.microsecondsSinceEpoch {
                guard condition(steps[index].taken) else { return false }
                index += 1
            }
            return true
        }
    }

    /// An instant at which what is taken changes: whether something comes free there, and whether more is taken.
    typealias ChangeBody = (Instant, _ frees: Bool, _ takes: Bool) -> Void

    /// Calls `body` for each change after `start` and up to `end`; in order for amounts, and for each device.
    func forEachChange(after start: Instant, upTo end: Instant, _ body: ChangeBody) {
        withExtendedLifetime(columns) {
            var index = steps.firstStep(after: start.microsecondsSinceEpoch)
            while index < steps.count, steps[index].start <= end.microsecondsSinceEpoch {
                let (before, (at, taken)) = (steps.level(before: index), steps[index])
                body(
                    Instant(microsecondsSinceEpoch: at), taken.isBelowSomewhere(before), before.isBelowSomewhere(taken))
                index += 1
            }
        }
        devices.forEachChange(after: start, upTo: end, body)
    }

    /// What is left of `allocatable` during `window`.
    func room(of allocatable: Amounts, during window: Window) -> HostRoom {
        withExtendedLifetime(columns) { steps.room(of: allocatable, during: window) }
    }
}
