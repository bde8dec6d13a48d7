import CapacityModel
import CapacityStore
import Placement

/// When a tenant's quotas have room for a demand. Pure.
///
/// Room under a quota comes only where something under it ends, or it does. A quota of all the sites in scope says for itself when a
/// window is open to as many. Of one of some of them a plan may keep off, and a spare takes more than was asked for: there the plan is
/// worth trying again whenever something comes free.
struct QuotaTimes {
    /// Stretches in which a quota of the whole scope has no room, by their starts.
    private var closed: [Window]
    /// When something comes free under any, in order.
    private var releases: [Instant] = []

    init(closed: [Window]) {
        self.closed = closed.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    }

    /// - Parameter span: What the calendars tell of.
    init(_ calendars: [QuotaCalendar], for demand: Demand, within span: Window, on inventory: Inventory) {
        let inScope = inventory.sites.filter { demand.scope.admits($0) }
        var (closed, changes) = ([Window](), [Instant]())
        for calendar in calendars {
            let asked = calendar.limit.resource.amount(of: demand.unit, count: max(1, demand.leastAcceptable))
            let sites = inScope.filter { calendar.scope.admits($0) }
            guard asked > 0, !sites.isEmpty else { continue }
            changes += calendar.releases
            if sites.count == inScope.count { closed += calendar.closed(to: asked, within: span) }
        }
        self.init(closed: closed)
        releases = changes.sorted()
    }

    /// The earliest whole second from `start` on at which a window of `duration` meets no closed stretch.
    func opening(from start: Instant, for duration: Duration) -> Instant {
        // By their starts: what lies behind the window lies behind it for all that follow too.
        closed.reduce(start) { at, stretch in
            stretch.start < at + duration && at < stretch.end ? stretch.end.nextWholeSecond : at
        }
    }

    /// The next instant after `start` at which some quota has more room.
    func release(after start: Instant) -> Instant? { releases.first { $0 > start }?.nextWholeSecond }
}

extension QuotaCalendar {
    /// The stretches of `span` in which `asked` more would exceed the limit.
    func closed(to asked: Int64, within span: Window) -> [Window] {
        let until = min(span.end, during.until ?? span.end)
        var (at, reserved) = (max(span.start, during.from ?? span.start), Int64(0))
        var closed: [Window] = []
        for level in levels + [Level(at: until, reserved: 0)] {
            let next = min(level.at, until)
            if at < next, reserved + asked > limit.amount { closed.append(Window(start: at, end: next)) }
            (at, reserved) = (max(at, next), level.reserved)
        }
        return closed
    }

    /// When less is reserved than before, and when the quota ends.
    fileprivate var releases: [Instant] {
        zip(levels, levels.dropFirst()).filter { $1.reserved < $0.reserved }.map(\.1.at)
            + [during.until].compactMap { $0 }
    }
}

extension Instant {
    fileprivate var nextWholeSecond: Instant { wholeSecond == self ? self : wholeSecond + .seconds(1) }
}
