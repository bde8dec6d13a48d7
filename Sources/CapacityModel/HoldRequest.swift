/// Capacity that a customer takes without deploying anything on it yet; checked by the reader that made it.
///
/// It is of amounts and not of a kind: no image, no command. What will run there is said by the orders.
package struct HoldRequest: Hashable, Sendable {
    package var name: String?
    /// What one of the count takes.
    package var unit: Resources
    package var count: Int
    package var scope: Scope
    /// `nil` means now.
    package var start: Instant?
    /// `nil` means open-ended: as far as a window may reach when the hold is made.
    package var duration: Duration?
    /// How long before the start, and after the end, hosts are taken as well: as orders have it.
    package var lead: Duration
    package var grace: Duration
    package var spread: [SpreadRule]
    /// How long after the start the hold lasts if its customer does not show up.
    package var timeToLive: Duration
    package var prefer: Preference?

    package static let defaultTimeToLive = Duration.seconds(86_400)

    package init(
        name: String? = nil,
        unit: Resources,
        count: Int,
        scope: Scope = .nationwide,
        start: Instant? = nil,
        duration: Duration? = nil,
        lead: Duration = .zero,
        grace: Duration = OrderRequest.ReleasePolicy().grace,
        spread: [SpreadRule] = [],
        timeToLive: Duration = HoldRequest.defaultTimeToLive,
        prefer: Preference? = nil
    ) {
        self.prefer = prefer
        self.name = name
        self.unit = unit
        self.count = count
        self.scope = scope
        self.start = start
        self.duration = duration
        self.lead = lead
        self.grace = grace
        self.spread = spread
        self.timeToLive = timeToLive
    }

    /// The window when the question is asked at `now`, at which no window may end later than `latest`.
    package func window(at now: Instant, latest: Instant) -> Window {
        let start = start ?? now.wholeSecond
        guard let duration else { return Window(start: start, end: max(latest, start + .seconds(1))) }
        return Window(start: start, duration: duration)
    }

    /// When what is left of a hold for `window` is released.
    package func expiry(in window: Window) -> Instant {
        min(window.end, window.start + timeToLive)
    }
}

extension Demand {
    /// The demand of a whole hold for `window`: all or nothing.
    package init(_ hold: HoldRequest, window: Window) {
        self.init(
            count: hold.count, unit: hold.unit, scope: hold.scope,
            held: window.extended(lead: hold.lead, grace: hold.grace), spread: hold.spread,
            preference: hold.prefer.map { SitePreference($0) }
        )
    }
}
