package import CapacityModel

/// The earliest start at which a demand fits.
package enum NextStart: Hashable, Sendable {
    case at(Instant)
    /// At no start up to the last that was asked about.
    case never
    /// At no start before this one; the rest was not looked at, for the bound on the work.
    case notBefore(Instant)
}

/// The earliest whole second after the demand's start, and no later than `notLaterThan`, at which the demand fits.
///
/// Exact, because room only ever comes at an instant at which something ends: in between, a window that moves on gains
/// nothing and meets what begins, and what fits still fits where there is more room. So the ends are gone through in order,
/// with the room of each host kept up to date
/// where its calendar changes inside or at the edge of the window, and the spread problem is solved only where its
/// caps alone do not already say no. Ends are gathered hour by hour, each stretch twice as long as the one before, so
/// an early answer costs little. Past `updateLimit` hosts looked at again or `solveLimit` problems solved, it says how
/// far it came.
package func nextStart(for demand: Demand, on inventory: Inventory, notLaterThan: Instant) -> NextStart {
    var demand = demand
    demand.neighbours.removeAll { $0.affinity.whenUnsatisfiable == .relax }
    var scan = StartScan(demand, on: inventory)
    return scan.run(notLaterThan: notLaterThan)
}

private struct StartScan {
    /// Some tenths of a second, at most.
    private static let updateLimit = 200_000
    private static let solveLimit = 256

    /// Something that changes what a host has room for, at a start of `at`.
    private struct Change {
        var at: Int64
        var host: Int
        var frees: Bool
    }

    private let inventory: Inventory
    private var demand: Demand
    private let rules: [SpreadRule]
    private let hosts: [Int]
    private var supply: Supply
    private var bound: SpreadBound
    private var isDirty: [Bool]
    private var dirty: [Int] = []
    private var updates = 0
    private var solves = 0

    init(_ demand: Demand, on inventory: Inventory) {
        self.inventory = inventory
        self.demand = demand
        rules = demand.hardRules
        // Those that nothing but their calendars keeps from taking an instance.
        let able = Supply(of: demand, on: inventory, premise: .unbounded)
        hosts = inventory.hosts.indices.filter { able.hosts[$0] > 0 && !inventory.calendars[$0].isEmpty }
        supply = Supply(of: demand, on: inventory)
        let problem = SpreadProblem(demand, rules: rules, supply: supply, on: inventory)
        bound = SpreadBound(problem, supply: supply.sites, on: inventory)
        isDirty = [Bool](repeating: false, count: inventory.hosts.count)
    }

    mutating func run(notLaterThan: Instant) -> NextStart {
        let start = demand.held.start
        let duration = demand.held.duration
        var stretch = Window(start: start, end: min(start + .seconds(3_600), max(start, notLaterThan)))
        while stretch.start < stretch.end {
            let changes = changes(in: stretch, duration: duration)
            var index = 0
            while index < changes.count {
                let at = changes[index].at
                var frees = false
                while index < changes.count, changes[index].at == at {
                    mark(changes[index].host)
                    frees = frees || changes[index].frees
                    index += 1
                }
                guard frees else { continue }
                let candidate = Instant(secondsSinceEpoch: at)
                guard updates < Self.updateLimit, solves < Self.solveLimit else { return .notBefore(candidate) }
                demand.held = Window(start: candidate, duration: duration)
                refreshDirtyHosts()
                if fits() { return .at(candidate) }
            }
            stretch = Window(
                start: stretch.end, end: min(stretch.end + stretch.duration + stretch.duration, notLaterThan))
        }
        return .never
    }

    /// What changes for starts after `stretch`'s own and up to its end, in order.
    ///
    /// What ends at an instant is gone from windows that start then; what begins at an instant is met by windows that
    /// end after it. Starts are whole seconds, so each is counted from the first at which it holds.
    private func changes(in stretch: Window, duration: Duration) -> [Change] {
        var changes: [Change] = []
        func add(_ instant: Instant, _ host: Int, frees: Bool) {
            let at = frees ? instant.roundedUp : (instant - duration).wholeSecond.secondsSinceEpoch + 1
            if at > stretch.start.secondsSinceEpoch, at <= stretch.end.secondsSinceEpoch {
                changes.append(Change(at: at, host: host, frees: frees))
            }
        }
        for host in hosts {
            let calendar = inventory.calendars[host]
            let early = stretch.start - .seconds(1)
            calendar.forEachChange(after: early, upTo: stretch.end) { instant, frees, _ in
                if frees { add(instant, host, frees: true) }
            }
            calendar.forEachChange(after: early + duration, upTo: stretch.end + duration) { instant, _, takes in
                if takes { add(instant, host, frees: false) }
            }
        }
        changes.sort { ($0.at, $0.host, $0.frees ? 1 : 0) < ($1.at, $1.host, $1.frees ? 1 : 0) }
        return changes
    }

    private mutating func mark(_ host: Int) {
        if !isDirty[host] { dirty.append(host) }
        isDirty[host] = true
    }

    private mutating func refreshDirtyHosts() {
        for host in dirty {
            isDirty[host] = false
            updates += 1
            let before = supply.hosts[host]
            guard let site = supply.refresh(host, for: demand, on: inventory), supply.hosts[host] != before else {
                continue
            }
            bound.set(supply.sites[site], at: site, on: inventory)
        }
        dirty.removeAll(keepingCapacity: true)
    }

    private mutating func fits() -> Bool {
        guard bound.allows(demand.enough) else { return false }
        guard demand.survives == nil else {
            var search = SpareSearch(demand, rules: rules, supply: supply, on: inventory)
            defer { solves += search.solves }
            return search.smallest() != nil
        }
        solves += 1
        let problem = SpreadProblem(demand, rules: rules, supply: supply, on: inventory)
        return problem.solved()?.total ?? 0 >= demand.enough
    }
}

extension Instant {
    /// The first whole second at or after it.
    fileprivate var roundedUp: Int64 { wholeSecond == self ? secondsSinceEpoch : secondsSinceEpoch + 1 }
}
