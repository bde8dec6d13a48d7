import CapacityAPI
import CapacityModel
import CapacityStore

extension ReservationView {
    init(_ record: HoldRecord, groups: [PlacedGroup]) {
        self.init(
            id: record.id.text,
            name: record.name,
            state: record.state,
            createdAt: record.createdAt,
            expiresAt: record.expiresAt,
            count: record.counts.requested,
            spec: AmountsView(record.unit),
            scope: record.scope,
            window: WindowView(record.window),
            spread: record.spread,
            release: ReleaseView(grace: record.grace),
            delivery: DeliveryView(lead: record.lead),
            prefer: record.prefer,
            counts: Counts(
                requested: record.counts.requested, held: record.counts.held, drawn: record.counts.drawn,
                released: record.counts.released
            ),
            plan: PlanView(groups: groups.map { PlanView.Group($0) }, relaxed: record.relaxed)
        )
    }
}
