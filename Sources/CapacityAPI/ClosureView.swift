package import CapacityModel

/// A host or site that takes nothing new for a while, as operators see it.
package struct ClosureView: Codable, Sendable, Hashable {
    package var id: String
    package var kind: Closure.Kind
    /// The site, where the whole of it is closed.
    package var site: String?
    /// The host, where only one is.
    package var host: String?
    /// Absent of a cordon and of a loss.
    package var start: Instant?
    /// Absent but of a maintenance.
    package var end: Instant?
    /// Whether what has not begun there is moved to other hosts.
    package var drain: Bool
    package var reason: String
    package var createdAt: Instant
    package var liftedAt: Instant?
    /// What it meets; in the answers about one closure only.
    package var impact: ImpactView?
    /// What was lost with it; in the answers about one loss only.
    package var loss: LossView?

    package init(_ closure: Closure, impact: ImpactView? = nil, loss: LossView? = nil) {
        id = closure.id.text
        kind = closure.kind
        switch closure.place {
        case .site(let name): site = name
        case .host(let name): host = name
        }
        start = closure.start
        end = closure.end
        drain = closure.drains
        reason = closure.reason
        createdAt = closure.createdAt
        liftedAt = closure.liftedAt
        self.impact = impact
        self.loss = loss
    }
}

/// What is reserved on closed hosts while they are closed: what still runs, and what is to begin.
package struct ImpactView: Codable, Sendable, Hashable {
    package struct Item: Codable, Sendable, Hashable {
        package enum State: String, Codable, Sendable, CaseIterable {
            case running, future
        }

        /// The order it is of, or else `reservationId`.
        package var orderId: String?
        package var reservationId: String?
        package var tenant: String
        package var site: String
        package var host: String
        /// What is taken of the host: lead and grace included.
        package var window: WindowView
        package var count: Int
        package var state: State

        package init(
            orderId: String?, reservationId: String?, tenant: String, site: String, host: String, window: WindowView,
            count: Int, state: State
        ) {
            self.orderId = orderId
            self.reservationId = reservationId
            self.tenant = tenant
            self.site = site
            self.host = host
            self.window = window
            self.count = count
            self.state = state
        }
    }

    /// Instances whose time on the host has begun.
    package var running: Int
    /// Instances whose time has not.
    package var future: Int
    /// Those that begin first, at most 1,000.
    package var items: [Item]
    /// Whether there are more than `items`.
    package var more: Bool

    package init(running: Int, future: Int, items: [Item], more: Bool) {
        self.running = running
        self.future = future
        self.items = items
        self.more = more
    }
}
