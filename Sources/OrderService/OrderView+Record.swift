import CapacityAPI
import CapacityModel
import CapacityStore
import Metering

/// In this module an instant is the model's.
typealias Instant = CapacityModel.Instant

extension OrderView {
    init(_ record: OrderRecord, groups: [PlacedGroup], spare: [PlacedGroup]) {
        let request = record.request
        self.init(
            id: record.id.text,
            name: request.name,
            state: record.state,
            createdAt: record.createdAt,
            cancelledAt: record.cancelledAt,
            revision: record.revision,
            count: request.count,
            spec: SpecView(request.spec),
            scope: request.scope,
            window: WindowView(record.window),
            spread: request.spread,
            fulfilment: FulfilmentView(request.fulfilment),
            release: ReleaseView(grace: request.release.grace),
            delivery: DeliveryView(lead: request.timing.lead),
            prefer: request.prefer,
            affinities: request.affinities,
            survive: request.survive,
            counts: Counts(record.counts),
            plan: PlanView(groups: groups.map { PlanView.Group($0) }, relaxed: record.relaxed, unkept: record.unkept),
            spare: SpareView(request.survive, groups: spare.map { PlanView.Group($0) }),
            price: PriceView(record.price(of: groups)),
            problem: record.problem.map { Problem($0) },
            reservationId: record.hold?.text
        )
    }
}

extension Problem {
    /// What an order's customer is told when it was given up, in terms of the body he sent.
    init(_ problem: OrderProblem) {
        switch problem.code {
        case .imageNotFound:
            let error = FieldError(pointer: "/spec/image", code: .imageNotFound, detail: problem.detail)
            self.init(.invalidOrder, detail: "the order was given up: \(problem.detail)", errors: [error])
        }
    }
}

extension OrderRecord {
    /// What the order costs as it is placed now, at the rates fixed when it was made.
    fileprivate func price(of groups: [PlacedGroup]) -> Price {
        let counts = groups.countsByArea
        let lines = rates.compactMap { rate in
            counts[rate.area].map { count in
                PriceLine(
                    area: rate.area,
                    count: count,
                    instanceSeconds: Int64(count) * window.duration.wholeSeconds,
                    instanceHourMicro: rate.instanceHourMicro
                )
            }
        }
        return Price(currency: rates.first?.currency ?? "", lines: lines)
    }
}

extension PlanView.Group {
    init(_ group: PlacedGroup) {
        self.init(
            site: group.site, host: group.host, province: group.province, city: group.city, carrier: group.carrier,
            count: group.count, gpuDevices: group.devices.isEmpty ? nil : group.devices
        )
    }
}

extension PriceView {
    init(_ price: Price) {
        self.init(
            currency: price.currency,
            lines: price.lines.map { line in
                Line(
                    area: line.area, count: line.count, instanceSeconds: line.instanceSeconds,
                    instanceHourMicro: line.instanceHourMicro, amountMicro: line.amountMicro
                )
            }
        )
    }
}

extension Counts {
    init(_ counts: OrderCounts) {
        self.init(
            requested: counts.requested,
            waiting: counts.waiting,
            refused: counts.refused,
            instances: InstanceCounts(
                planned: counts.planned, assigned: counts.assigned, starting: counts.starting, ready: counts.ready,
                releasing: counts.releasing, released: counts.released
            ),
            failed: counts.failed
        )
    }
}

extension InstanceView {
    init(_ record: InstanceRecord) {
        self.init(
            id: record.id.text, site: record.site, host: record.host, province: record.province,
            address: record.address, ssh: nil, state: record.state, since: record.since, message: record.message,
            gpuDevices: record.devices.isEmpty ? nil : record.devices
        )
    }
}

extension OrderEventView {
    init(_ record: OrderEventRecord) {
        let kind: Kind =
            switch record.kind {
            case .counts: .counts
            case .state: .state
            }
        self.init(
            sequence: record.sequence, kind: kind, at: record.at, state: record.state, counts: Counts(record.counts)
        )
    }
}
