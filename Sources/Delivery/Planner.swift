package import CapacityModel
package import CapacityStore
package import Placement
import Postgres

/// Keeps a picture of fleet and ledger in memory and brings it up to date before every answer.
///
/// A picture may still be old by the time its plan is written; then the ledger refuses, and the caller asks again. So a
/// planner is never trusted, only quick, and any number of them may run.
package actor Planner {
    /// The fleet and ledger at one instant.
    package struct Picture: Sendable {
        package let now: CapacityModel.Instant
        fileprivate private(set) var fleet: FleetByClass
        /// What is left of it for newcomers, where anybody waits; they may have all of it where nobody does.
        private var open: FleetByClass?
        fileprivate let waiting: WaitingOrders
        fileprivate let horizon: LedgerHorizon
        private let shares: [WaitingList.Share]
        /// How many of what is about to be written are going to wait.
        private var joined = 0
        /// Whose planning this is for; `nil` for somebody for whom nothing is protected.
        private(set) var tenantClass: TenantClass?

        /// Whether anybody has a quota, so that it matters who takes how much.
        let hasQuotas: Bool

        fileprivate init(
            fleet: FleetByClass, waiting: WaitingOrders, hasQuotas: Bool, now: CapacityModel.Instant,
            horizon: LedgerHorizon
        ) {
            self.fleet = fleet
            self.hasQuotas = hasQuotas
            self.waiting = waiting
            self.now = now
            self.horizon = horizon
            let list = WaitingList(waiting)
            shares = list.shares(on: fleet, at: now)
            if list.isCut {
                open = fleet
                open?.take(allDuring: Window(start: now, end: Offering.latestEnd(at: now)))
            } else if !shares.isEmpty {
                open = fleet
                for share in shares { open?.take(share) }
            }
        }

        /// What was known, with what changed since.
        fileprivate init(_ fleet: consuming FleetByClass, _ changes: LedgerChanges) {
            let rows = Dictionary(grouping: changes.ledger, by: \.host)
            let closures = changes.closures.windows
            for host in changes.hosts {
                fleet.replaceCalendar(
                    of: host, with: (rows[host] ?? []).map(InventoryReservation.init), closures: closures[host] ?? []
                )
            }
            for row in changes.added { fleet.add(InventoryReservation(row)) }
            self.init(
                fleet: fleet, waiting: changes.waiting, hasQuotas: changes.hasQuotas, now: changes.now,
                horizon: changes.horizon)
        }

        /// The picture with everything that others have committed meanwhile; `nil` where the fleet itself changed.
        func updated(in session: isolated Session) throws -> Picture? {
            let changes = try Store.ledgerChanges(since: horizon, knowing: waiting, in: session)
            return changes.version == fleet.version ? Picture(fleet, changes) : nil
        }

        /// What newcomers may plan on: the ledger, and what the waiting list could take set aside. Nothing, while more wait than
        /// are looked at: they come before any newcomer.
        package var inventory: Inventory { (open ?? fleet)[tenantClass] }

        /// The ledger alone; the same as `inventory` while nobody waits.
        var booked: Inventory { fleet[tenantClass] }

        /// The refusal of an order of which `plan` is all there is, where it would wait for the rest and no more orders may.
        func refusal(toWaitWith plan: Plan, of request: OrderRequest) -> Shortage? {
            let missing = request.count - plan.count
            guard missing > 0, request.fulfilment.topUp, waiting.orders.count + joined >= Store.waitingLimit else {
                return nil
            }
            return Shortage(
                available: plan.count, missing: missing,
                gap: [Gap(bound: .waiting, missing: missing, detail: Store.waitingListIsFull)])
        }

        /// What an order on the waiting list may plan on: only those before it come first, on hosts and in its tenant's quotas.
        /// `nil` where it is known that there is nothing for it now, or that it is not its turn.
        func turn(of order: OrderRecord) -> (inventory: Inventory, quotas: QuotaUses)? {
            let list = WaitingList(waiting)
            let isListed = waiting.orders.contains { $0.order.id == order.id }
            guard !list.isBeyond(order.id), !isListed || shares.contains(where: { $0.order == order.id }) else {
                return nil
            }
            let earlier = shares.prefix { $0.order < order.id }
            var left = fleet
            for share in earlier { left.take(share) }
            return (left[tenantClass], list.quotas(after: earlier, on: fleet))
        }

        /// Whether what was planned of an order on an older picture fits here too.
        func holds(_ new: NewOrder) -> Bool {
            inventory.holds(new.plan, of: new.request.spec.resources, during: new.request.held(for: new.window))
        }

        /// Takes in what is about to be written for a tenant of this class.
        mutating func take(_ new: NewOrder, by tenantClass: TenantClass) {
            if new.waits { joined += 1 }
            let (unit, held) = (new.request.spec.resources, new.request.held(for: new.window))
            fleet.take(new.plan, of: unit, during: held, by: tenantClass)
            open?.take(new.plan, of: unit, during: held, by: tenantClass)
        }

        /// Whether anything is protected for anybody, so that it matters who asks.
        package var hasHeadroom: Bool { fleet.hasHeadroom }

        /// The same picture for planning on behalf of a tenant of this class.
        package func seen(by tenantClass: TenantClass) -> Picture {
            var other = self
            other.tenantClass = tenantClass
            return other
        }
    }

    /// What keeping the picture up to date has taken so far.
    package struct Effort: Equatable, Sendable {
        /// How often the whole fleet and ledger were read.
        package var loads = 0
        /// How many calendars of single hosts were replaced.
        package var replacedCalendars = 0
        /// How many rows were added to calendars.
        package var addedRows = 0
    }

    package private(set) var effort = Effort()

    private let store: Store
    private var picture: Picture?
    private var running: Task<Picture, any Error>?
    private var waiting: Task<Picture, any Error>?

    package init(store: Store) {
        self.store = store
    }

    /// The picture, with everything in it that was committed before the call.
    ///
    /// Refreshes run one after the other, because an older answer must not overwrite a newer one. All who call while one
    /// is running share the next: it starts after their calls, which is what makes it current for them.
    package func current() async throws(StoreError) -> Picture {
        let refresh = waiting ?? queueRefresh()
        do {
            return try await refresh.value
        } catch {
            throw StoreError(error)
        }
    }

    private func queueRefresh() -> Task<Picture, any Error> {
        let previous = running
        let refresh = Task {
            // How the one before ended is its callers' business; here only that it ended.
            _ = await previous?.result
            return try await self.refresh()
        }
        waiting = refresh
        return refresh
    }

    private func refresh() async throws -> Picture {
        running = waiting
        waiting = nil
        guard let (horizon, known) = picture.map({ ($0.horizon, $0.waiting) }) else { return try await load() }
        let changes = try await store.ledgerChanges(since: horizon, knowing: known)
        guard let fleet = giveUpFleet(), changes.version == fleet.version else { return try await load() }
        effort.replacedCalendars += changes.hosts.count
        effort.addedRows += changes.added.count
        let fresh = Picture(fleet, changes)
        picture = fresh
        return fresh
    }

    /// The ledger as it was known, no longer held by the picture, so that calendars are replaced in place and not in a copy.
    private func giveUpFleet() -> FleetByClass? {
        defer { picture = nil }
        return picture?.fleet
    }

    private func load() async throws -> Picture {
        let snapshot = try await store.fleetSnapshot()
        let inventory = Inventory(
            version: snapshot.version,
            sites: snapshot.sites,
            hosts: snapshot.hosts,
            reservations: snapshot.ledger.map(InventoryReservation.init),
            closures: snapshot.closures.windows,
            headrooms: snapshot.headrooms
        )
        let fresh = Picture(
            fleet: FleetByClass(inventory), waiting: snapshot.waiting, hasQuotas: snapshot.hasQuotas,
            now: snapshot.now, horizon: snapshot.horizon)
        effort.loads += 1
        picture = fresh
        return fresh
    }
}

extension InventoryReservation {
    init(_ row: LedgerRow) {
        self.init(
            id: row.id, host: row.host, held: row.held, amounts: row.amounts, devices: row.devices, isHold: row.isHold,
            tenantClass: row.tenantClass, instances: row.instances)
    }
}

extension [HostClosure] {
    /// When each host is closed.
    fileprivate var windows: [HostID: [Window]] {
        Dictionary(grouping: self, by: \.host).mapValues { $0.map(\.window) }
    }
}
