package import CapacityModel
import Postgres

/// A hold as it stands.
package struct HoldRecord: Hashable, Sendable {
    package var id: HoldID
    package var tenant: TenantID
    package var name: String?
    package var state: HoldState
    package var createdAt: CapacityModel.Instant
    /// What one of the count takes.
    package var unit: Resources
    package var scope: Scope
    package var window: Window
    package var lead: Duration
    package var grace: Duration
    package var spread: [SpreadRule]
    package var prefer: Preference?
    /// Relaxable rules the plan could not keep.
    package var relaxed: [RelaxedRule]
    /// When whatever is still held is released.
    package var expiresAt: CapacityModel.Instant
    package var counts: HoldCounts
}

/// How much of a hold stands where: `requested = held + drawn + released`.
package struct HoldCounts: Hashable, Sendable {
    package var requested: Int
    package var held: Int
    /// Taken over by orders; what became of it there is theirs to say.
    package var drawn: Int
    package var released: Int

    package init(requested: Int, held: Int, drawn: Int = 0, released: Int = 0) {
        self.requested = requested
        self.held = held
        self.drawn = drawn
        self.released = released
    }
}

/// A hold about to be made, in absolute time.
package struct NewHold: Sendable {
    package var tenant: TenantID
    package var request: HoldRequest
    package var window: Window
    package var plan: Plan
    package var idempotency: Idempotency?

    package init(
        tenant: TenantID, request: HoldRequest, window: Window, plan: Plan, idempotency: Idempotency?
    ) {
        self.tenant = tenant
        self.request = request
        self.window = window
        self.plan = plan
        self.idempotency = idempotency
    }
}

extension HoldRecord {
    init(_ row: Row) throws {
        id = HoldID(rawValue: try row.int64("hold_id"))
        tenant = TenantID(rawValue: try row.int64("tenant_id"))
        name = try row.textIfAny("name")
        state = try row.choice("state")
        createdAt = try row.instant("created_at")
        unit = try row.unit()
        scope = try row.json("scope")
        window = try row.window("window_start", "window_end")
        lead = .seconds(try row.int64("lead_seconds"))
        grace = .seconds(try row.int64("grace_seconds"))
        spread = try row.json("spread")
        prefer = try row.jsonIfAny("prefer")
        relaxed = try row.json("relaxed")
        expiresAt = try row.instant("expires_at")
        counts = HoldCounts(
            requested: try row.int("requested_count"),
            held: try row.int("held_count"),
            drawn: try row.int("drawn_count"),
            released: try row.int("released_count")
        )
    }
}
