package import CapacityModel

/// A reservation as `GET /v1/reservations/{id}` shows it.
package struct ReservationView: Codable, Sendable, Hashable {
    package struct Counts: Codable, Sendable, Hashable {
        package var requested: Int
        /// Taken out of hosts now.
        package var held: Int
        /// Taken over by orders that named this reservation.
        package var drawn: Int
        package var released: Int

        package init(requested: Int, held: Int, drawn: Int, released: Int) {
            self.requested = requested
            self.held = held
            self.drawn = drawn
            self.released = released
        }
    }

    package var id: String
    package var name: String?
    package var state: HoldState
    package var createdAt: Instant
    /// When whatever is still held is released.
    package var expiresAt: Instant
    package var count: Int
    package var spec: AmountsView
    package var scope: Scope
    /// With the end it was given where it was asked for without one.
    package var window: WindowView
    package var spread: [SpreadRule]
    package var prefer: Preference?
    package var release: ReleaseView
    package var delivery: DeliveryView
    package var counts: Counts
    /// Where it is held now.
    package var plan: PlanView

    package init(
        id: String, name: String?, state: HoldState, createdAt: Instant, expiresAt: Instant, count: Int,
        spec: AmountsView, scope: Scope, window: WindowView, spread: [SpreadRule], release: ReleaseView,
        delivery: DeliveryView, prefer: Preference? = nil, counts: Counts, plan: PlanView
    ) {
        self.prefer = prefer
        self.id = id
        self.name = name
        self.state = state
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.count = count
        self.spec = spec
        self.scope = scope
        self.window = window
        self.spread = spread
        self.release = release
        self.delivery = delivery
        self.counts = counts
        self.plan = plan
    }
}

/// What one instance takes, whatever will run in it.
package struct AmountsView: Codable, Sendable, Hashable {
    package var vcpu: Double
    package var memoryMiB: Int64
    package var diskGiB: Int64
    package var bandwidthMbps: Int64
    package var gpu: SpecView.GPU?

    package init(_ resources: Resources) {
        vcpu = Double(resources.vcpuMilli) / 1_000
        memoryMiB = resources.memoryMiB
        diskGiB = resources.diskGiB
        bandwidthMbps = resources.bandwidthMbps
        gpu = resources.gpuModel.map { SpecView.GPU(model: $0, count: resources.gpus) }
    }
}
