import CapacityModel

/// What is taken of each GPU of one host, as step functions of time.
///
/// Kept by device, because what is left cannot be summed over devices: of two with 0.4 left each, neither has 0.6.
struct DeviceCalendar: Hashable, Sendable {
    /// By index. Devices after the last that a reservation names are free for ever and left out; so the calendar of a host
    /// without GPUs costs an empty array.
    private let devices: [DeviceSteps]

    init(_ reservations: some Sequence<InventoryReservation>) {
        self.init(reservations, after: [])
    }

    /// The same calendar with one reservation more.
    func adding(_ reservation: InventoryReservation) -> DeviceCalendar {
        reservation.devices.isEmpty ? self : DeviceCalendar([reservation], after: devices.map(\.changes))
    }

    private init(_ reservations: some Sequence<InventoryReservation>, after earlier: [[DeviceSteps.Change]]) {
        var changes = earlier
        for reservation in reservations where !reservation.devices.isEmpty {
            guard reservation.held.start < reservation.held.end else { continue }
            let shares = reservation.amounts.gpuShareMilli
            let milli = shares > 0 ? shares : GPUUse.device
            for device in reservation.devices {
                while changes.count <= device { changes.append([]) }
                changes[device].append((reservation.held.start.microsecondsSinceEpoch, milli))
                changes[device].append((reservation.held.end.microsecondsSinceEpoch, -milli))
            }
        }
        devices = changes.map { DeviceSteps($0) }
    }

    /// The most that is taken of a device at any moment of `window`, in thousandths.
    func peak(of device: Int, during window: Window) -> Int64 {
        device < devices.count ? devices[device].peak(during: window) : 0
    }

    /// How much time of a device that is free throughout `window` would be left beside it.
    func slack(of device: Int, around window: Window) -> DeviceSlack {
        device < devices.count ? devices[device].slack(around: window) : .endless
    }

    /// Calls `body` for each instant after `start` and up to `end` at which what is taken of a device changes.
    func forEachChange(after start: Instant, upTo end: Instant, _ body: HostCalendar.ChangeBody) {
        for device in devices { device.forEachChange(after: start, upTo: end, body) }
    }
}

/// The time around a window in which a device is still free. Less of it is better: what is left over then is left over on
/// devices that are free for long.
struct DeviceSlack: Hashable, Comparable, Sendable {
    /// How many of the two sides have no end.
    var openSides: Int
    /// The microseconds up to the neighbours, where there are any.
    var microseconds: Int64

    static let endless = DeviceSlack(openSides: 2, microseconds: 0)

    static func < (left: DeviceSlack, right: DeviceSlack) -> Bool {
        (left.openSides, left.microseconds) < (right.openSides, right.microseconds)
    }
}

/// What is taken of one device, in thousandths of it.
struct DeviceSteps: Hashable, Sendable {
    typealias Change = (at: Int64, milli: Int64)

    /// When each step begins, in microseconds since the epoch, strictly rising. Before the first nothing is taken.
    private let starts: [Int64]
    /// Beside `starts`: what is taken up to the next step. The last takes nothing.
    private let taken: [Int64]

    init(_ changes: [Change]) {
        var starts: [Int64] = []
        var taken: [Int64] = []
        var sum: Int64 = 0
        for change in changes.sorted(by: { $0.at < $1.at }) {
            sum += change.milli
            if starts.last == change.at {
                taken[taken.count - 1] = sum
            } else {
                starts.append(change.at)
                taken.append(sum)
            }
        }
        self.starts = starts
        self.taken = taken
    }

    /// What made these steps.
    var changes: [Change] {
        starts.indices.map { (starts[$0], taken[$0] - ($0 > 0 ? taken[$0 - 1] : 0)) }
    }

    func peak(during window: Window) -> Int64 {
        let start = window.start.microsecondsSinceEpoch
        let end = window.end.microsecondsSinceEpoch
        guard start < end else { return 0 }
        var index = starts.partitioningIndex { $0 > start }
        var peak = index > 0 ? taken[index - 1] : 0
        while index < starts.count, starts[index] < end {
            peak = max(peak, taken[index])
            index += 1
        }
        return peak
    }

    func slack(around window: Window) -> DeviceSlack {
        let before = starts.partitioningIndex { $0 > window.start.microsecondsSinceEpoch }
        let after = starts.partitioningIndex { $0 >= window.end.microsecondsSinceEpoch }
        var slack = DeviceSlack.endless
        if before > 0 {
            slack.openSides -= 1
            slack.microseconds += window.start.microsecondsSinceEpoch - starts[before - 1]
        }
        if after < starts.count {
            slack.openSides -= 1
            slack.microseconds += starts[after] - window.end.microsecondsSinceEpoch
        }
        return slack
    }

    func forEachChange(after start: Instant, upTo end: Instant, _ body: HostCalendar.ChangeBody) {
        var index = starts.partitioningIndex { $0 > start.microsecondsSinceEpoch }
        while index < starts.count, starts[index] <= end.microsecondsSinceEpoch {
            let before = index > 0 ? taken[index - 1] : 0
            body(Instant(microsecondsSinceEpoch: starts[index]), taken[index] < before, taken[index] > before)
            index += 1
        }
    }
}
