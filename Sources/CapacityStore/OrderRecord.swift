package import CapacityModel
import Postgres

/// An order as it stands.
package struct OrderRecord: Hashable, Sendable {
    package var id: OrderID
    package var tenant: TenantID
    /// What was asked, its start and length being those of `window`.
    package var request: OrderRequest
    /// What the customer has now: extended, shortened or cut off by a cancellation.
    package var window: Window
    package var state: OrderState
    package var createdAt: CapacityModel.Instant
    package var cancelledAt: CapacityModel.Instant?
    package var revision: Int64
    package var counts: OrderCounts
    /// Failed instances that were placed again.
    package var replaced: Int
    /// Failed instances that were lost with their sites: they use up no retries.
    package var lost = 0
    /// How many more are held for it, and delivered when it loses a site.
    package var spare = 0
    /// Relaxable rules the plan could not keep.
    package var relaxed: [RelaxedRule]
    /// Relaxable affinities the plan could not keep.
    package var unkept: [OrderAffinity] = []
    package var rates: [OrderRate]
    /// Why the order was given up, where it was.
    package var problem: OrderProblem?
    /// The hold it was drawn from, if it was.
    package var hold: HoldID?

    /// From when instances may be started.
    package var startAt: CapacityModel.Instant { window.start - request.timing.lead }

    /// The instant after which missing instances are no longer looked for.
    package var deadline: CapacityModel.Instant {
        guard let deadline = request.fulfilment.deadline else { return window.end }
        return min(window.end, createdAt + deadline)
    }
}

/// Whether an affinity could be kept, as it stands beside it in the order's columns.
private struct AffinityFate: Decodable {
    var kept: Bool
}

/// What one instance costs an hour in one area, fixed when the order was made.
package struct OrderRate: Hashable, Sendable, Codable {
    package var area: Area
    package var currency: String
    package var instanceHourMicro: Int64

    package init(area: Area, currency: String, instanceHourMicro: Int64) {
        self.area = area
        self.currency = currency
        self.instanceHourMicro = instanceHourMicro
    }
}

/// Instances of an order on one host, and on the same of its GPUs.
package struct PlacedGroup: Hashable, Sendable {
    package var hostID: HostID
    package var site: String
    package var host: String
    package var province: String
    package var city: String
    package var carrier: Carrier
    package var count: Int
    /// The GPUs of the host that each of the count is on.
    package var devices: [Int]

    package init(
        hostID: HostID, site: String, host: String, province: String, city: String, carrier: Carrier, count: Int,
        devices: [Int] = []
    ) {
        self.hostID = hostID
        self.site = site
        self.host = host
        self.province = province
        self.city = city
        self.carrier = carrier
        self.count = count
        self.devices = devices
    }

    package var area: Area? { Province.named(province)?.area }
}

extension Sequence<PlacedGroup> {
    /// How many instances lie in each area.
    package var countsByArea: [Area: Int] {
        reduce(into: [:]) { counts, group in
            if let area = group.area { counts[area, default: 0] += group.count }
        }
    }
}

extension PlacedGroup {
    init(_ row: Row) throws {
        self.init(
            hostID: HostID(rawValue: try row.int64("host_id")),
            site: try row.text("site"),
            host: try row.text("host"),
            province: try row.text("province"),
            city: try row.text("city"),
            carrier: try row.choice("carrier"),
            count: try row.int("count"),
            devices: try row.devices()
        )
    }
}

extension OrderRecord {
    init(_ row: Row) throws {
        let window = try row.window("window_start", "window_end")
        id = OrderID(rawValue: try row.int64("order_id"))
        tenant = TenantID(rawValue: try row.int64("tenant_id"))
        self.window = window
        request = OrderRequest(
            name: try row.textIfAny("name"),
            spec: Spec(
                kind: try row.choice("kind"),
                resources: try row.unit(),
                image: try row.text("image"),
                command: try row.decode("command", as: [String].self),
                environment: try row.json("environment")
            ),
            count: try row.int("requested_count") - row.int("withdrawn_count"),
            scope: try row.json("scope"),
            timing: OrderRequest.Timing(
                start: window.start,
                duration: window.duration,
                lead: .seconds(try row.int64("lead_seconds"))
            ),
            spread: try row.json("spread"),
            fulfilment: Fulfilment(
                policy: try row.choice("policy"),
                minCount: try row.decode("min_count", as: Int?.self),
                deadline: try row.decode("deadline_seconds", as: Int64?.self).map { .seconds($0) },
                topUp: try row.decode("top_up", as: Bool.self)
            ),
            release: OrderRequest.ReleasePolicy(grace: .seconds(try row.int64("grace_seconds"))),
            prefer: try row.jsonIfAny("prefer"),
            affinities: try row.jsonIfAny("affinities"),
            survive: try row.decode("survive_sites", as: Int?.self).map { Survival(sites: $0) }
        )
        state = try row.choice("state")
        createdAt = try row.instant("created_at")
        cancelledAt = try row.instantIfAny("cancelled_at")
        revision = try row.int64("revision")
        counts = try OrderCounts(row, suffix: "_count")
        replaced = try row.int("replaced_count")
        lost = try row.int("lost_count")
        spare = try row.int("spare_count")
        relaxed = try row.json("relaxed")
        let fates: [AffinityFate] = try row.jsonIfAny("affinities") ?? []
        unkept = zip(request.affinities ?? [], fates).filter { !$1.kept }.map(\.0)
        rates = try row.json("rates")
        problem = try row.textIfAny("problem_code").map { _ in
            OrderProblem(code: try row.choice("problem_code"), detail: try row.text("problem_detail"))
        }
        hold = try row.decode("hold_id", as: Int64?.self).map { HoldID(rawValue: $0) }
    }
}

extension OrderCounts {
    /// Reads the ten counts, whose columns are their names and `suffix`.
    init(_ row: Row, suffix: String) throws {
        self.init(
            requested: try row.int("requested" + suffix),
            waiting: try row.int("waiting" + suffix),
            refused: try row.int("refused" + suffix),
            planned: try row.int("planned" + suffix),
            assigned: try row.int("assigned" + suffix),
            starting: try row.int("starting" + suffix),
            ready: try row.int("ready" + suffix),
            releasing: try row.int("releasing" + suffix),
            released: try row.int("released" + suffix),
            failed: try row.int("failed" + suffix)
        )
    }
}
