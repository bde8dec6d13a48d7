/// A stretch of time in which a host, or every host of a site, takes nothing new, as an operator said.
///
/// What is held there already stays, may be given back, and may get shorter.
package struct Closure: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable, Codable {
        /// Until it is lifted. What runs there may run on for longer, unless the cordon drains.
        case cordon
        /// A window on the calendar.
        case maintenance
        /// From a deadline on, for good. Only sites retire.
        case retirement
        /// A site is gone, as an operator declared: what was there has failed. Until it is lifted.
        case loss
    }

    package var id: ClosureID
    package var kind: Kind
    package var place: FleetPlace
    /// `nil` of a cordon and of a loss.
    package var start: Instant?
    /// `nil` but of a maintenance.
    package var end: Instant?
    /// Whether what has not begun there is moved to other hosts.
    package var drains: Bool
    package var reason: String
    package var createdAt: Instant
    package var liftedAt: Instant?

    package init(
        id: ClosureID, kind: Kind, place: FleetPlace, start: Instant?, end: Instant?, drains: Bool, reason: String,
        createdAt: Instant, liftedAt: Instant? = nil
    ) {
        self.id = id
        self.kind = kind
        self.place = place
        self.start = start
        self.end = end
        self.drains = drains
        self.reason = reason
        self.createdAt = createdAt
        self.liftedAt = liftedAt
    }

    /// Whether it keeps something out at `instant`.
    package func stands(at instant: Instant) -> Bool {
        guard liftedAt == nil else { return false }
        return start.map { $0 <= instant } ?? true && end.map { instant < $0 } ?? true
    }
}

/// A host or a whole site, by name.
package enum FleetPlace: Hashable, Sendable {
    case site(String)
    case host(String)

    package var name: String {
        switch self {
        case .site(let name), .host(let name): name
        }
    }
}

/// Where a host or a site stands, by the closures on it.
///
/// `open`: it takes what fits. `cordoned`: nothing new until an operator says so. `draining`: a cordon that moves away
/// what has not begun, while something is still there. `drained`: nothing is there any more. `maintenance`: its window is now.
/// `retiring`: its deadline is ahead. `retired`: it is over. `lost`: what was there is given up.
package enum ServingState: String, CaseIterable, Sendable, Codable {
    case open, cordoned, draining, drained, maintenance, retiring, retired, lost

    /// The state that says most, where there is more than one closure.
    ///
    /// - Parameter isEmpty: Whether nothing is reserved there, now or later.
    package init(closures: [Closure], isEmpty: Bool, at now: Instant) {
        let standing = closures.filter { $0.stands(at: now) }
        if standing.contains(where: { $0.kind == .loss }) {
            self = .lost
        } else if standing.contains(where: { $0.kind == .retirement }) {
            self = .retired
        } else if standing.contains(where: { $0.kind == .cordon && $0.drains }) {
            self = isEmpty ? .drained : .draining
        } else if standing.contains(where: { $0.kind == .maintenance }) {
            self = .maintenance
        } else if !standing.isEmpty {
            self = .cordoned
        } else {
            self = closures.contains { $0.kind == .retirement } ? .retiring : .open
        }
    }
}
