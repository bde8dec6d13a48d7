import CapacityModel

/// The steps of many calendars, one behind the other in the order of the hosts, or of one.
///
/// A quote goes over all hosts, and most of its time would go into waiting for memory that lies about, and into counting references:
/// a processor looks no further ahead than to the next of those. So steps lie in memory of their own, and are read there.
///
/// The compiler cannot see that they may be shared between tasks. They may, because steps are written once, by whoever makes the
/// columns and before anybody else has them, and given back when nobody has the columns any more.
final class CalendarColumns: @unchecked Sendable {
    /// When each step begins, in microseconds since the epoch. Apart from the amounts, so that finding one stays in a few cache lines.
    private let starts: UnsafeMutablePointer<Int64>
    /// Beside `starts`: what is taken up to the next step.
    private let taken: UnsafeMutablePointer<Amounts>
    private let capacity: Int
    private(set) var count = 0

    /// - Parameter capacity: How many steps there will be, at most.
    init(capacity: Int) {
        self.capacity = capacity
        starts = .allocate(capacity: capacity)
        taken = .allocate(capacity: capacity)
    }

    deinit {
        starts.deallocate()
        taken.deallocate()
    }

    /// The steps in `range`, valid as long as these columns are.
    subscript(range: Range<Int>) -> CalendarSteps {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return CalendarSteps(
            starts: UnsafePointer(starts) + range.lowerBound, taken: UnsafePointer(taken) + range.lowerBound,
            count: range.count)
    }

    /// Adds a step; none where it takes what the one before it in the same calendar takes.
    func append(_ start: Int64, taking amounts: Amounts, isFirst: Bool = false) {
        guard amounts != (isFirst || count == 0 ? .zero : taken[count - 1]) else { return }
        precondition(count < capacity)
        starts[count] = start
        taken[count] = amounts
        count += 1
    }

    /// Adds steps as they are.
    func append(_ steps: CalendarSteps) {
        precondition(steps.count <= capacity - count)
        (starts + count).initialize(from: steps.starts, count: steps.count)
        (taken + count).initialize(from: steps.taken, count: steps.count)
        count += steps.count
    }

    /// Adds the steps of a host with these reservations, two for each at most, and says where they are.
    func append(_ reservations: some Sequence<InventoryReservation>) -> Range<Int> {
        var changes: [(at: Int64, isStart: Bool, amounts: Amounts)] = []
        for reservation in reservations where reservation.held.start < reservation.held.end {
            let amounts = Amounts(reservation.amounts)
            changes.append((reservation.held.start.microsecondsSinceEpoch, true, amounts))
            changes.append((reservation.held.end.microsecondsSinceEpoch, false, amounts))
        }
        changes.sort { $0.at < $1.at }

        let first = count
        var sum = Amounts.zero
        for (index, change) in changes.enumerated() {
            if change.isStart { sum += change.amounts } else { sum -= change.amounts }
            if index + 1 < changes.count, changes[index + 1].at == change.at { continue }
            append(change.at, taking: sum, isFirst: count == first)
        }
        return first..<count
    }
}

/// The steps of one calendar where they lie, for reading only; shared as the columns are. Whoever has them keeps the columns.
struct CalendarSteps: @unchecked Sendable {
    /// Strictly rising. Before the first nothing is taken; the last takes nothing.
    fileprivate let starts: UnsafePointer<Int64>
    fileprivate let taken: UnsafePointer<Amounts>
    let count: Int

    /// Counting so many steps is quicker than halving them: there is nothing to guess wrong.
    private static let countedSteps = 32

    subscript(index: Int) -> (start: Int64, taken: Amounts) {
        precondition(index >= 0 && index < count)
        return (starts[index], taken[index])
    }

    subscript(range: Range<Int>) -> CalendarSteps {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return CalendarSteps(
            starts: starts + range.lowerBound, taken: taken + range.lowerBound, count: range.count)
    }

    /// Calls `body` with what is taken at each step of `window`, and for how many microseconds of it; nothing of an empty
    /// window.
    @inline(__always)
    func forEachStep(during window: Window, _ body: (_ taken: Amounts, _ microseconds: Int64) -> Void) {
        var at = window.start.microsecondsSinceEpoch
        let end = window.end.microsecondsSinceEpoch
        var index = firstStep(after: at)
        while at < end {
            let next = index < count ? min(starts[index], end) : end
            body(level(before: index), next - at)
            at = next
            index += 1
        }
    }

    /// What is taken up to the step at `index`.
    func level(before index: Int) -> Amounts { index > 0 ? self[index - 1].taken : .zero }

    /// What is taken at `instant`, of which `first` is the first step not before it.
    func level(at instant: Int64, _ first: Int) -> Amounts {
        first < count && starts[first] == instant ? taken[first] : level(before: first)
    }

    func firstStep(notBefore instant: Int64) -> Int {
        let next = firstStep(after: instant)
        return next > 0 && starts[next - 1] == instant ? next - 1 : next
    }

    func firstStep(after instant: Int64) -> Int {
        var low = 0
        var high = count
        guard high > Self.countedSteps else {
            for index in 0..<count { low += starts[index] <= instant ? 1 : 0 }
            return low
        }
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension CalendarSteps: Hashable {
    static func == (left: CalendarSteps, right: CalendarSteps) -> Bool {
        left.count == right.count && (0..<left.count).allSatisfy { left[$0] == right[$0] }
    }

    func hash(into hasher: inout Hasher) {
        for index in 0..<count {
            hasher.combine(starts[index])
            hasher.combine(taken[index])
        }
    }
}
