import CapacityModel
import CapacityStore
import Placement

/// How much longer an order could stay where it is, when it was refused to stay as long as was asked.
extension OrderDesk {
    /// The refusal to extend an order to `end` for want of room: says up to when there is some, which an extension may then ask for.
    func noRoom(
        for id: OrderID, until end: Instant, on picture: Planner.Picture
    ) async throws(StoreError) -> Refusal {
        guard let order = try await store.order(id, tenant: nil), order.request.spec.resources.gpuUse == nil else {
            return Self.noRoom(Self.noRoomThen)
        }
        guard let shorter = try await shorterExtension(of: id, until: end, on: picture) else {
            return Self.noRoom("a host this order is on is taken from its end on: order the rest anew")
        }
        let last = shorter.window.end
        return Self.noRoom(
            "the hosts this order is on have room for it until \(last): extend it to then, and order the rest anew",
            offers: [shorter])
    }

    /// The order up to the latest end before `end` that the hosts it is on and its tenant's quotas leave it; `nil` where that is no
    /// later than the end it has. Not known of one with GPUs: which device is free then is the ledger's to say.
    func shorterExtension(
        of id: OrderID, until end: Instant, on picture: Planner.Picture
    ) async throws(StoreError) -> Offer? {
        guard let order = try await store.order(id, tenant: nil), let placed = try await store.groups(of: [id])[id],
            order.request.spec.resources.gpuUse == nil
        else { return nil }
        let booked = try await picture.seen(by: order.tenant, in: store).booked
        let spare = try await store.spareGroups(of: order.request.survive == nil ? [] : [id])[id] ?? []
        let groups = Self.merged(placed + spare).compactMap { group in
            booked.host(group.hostID).map {
                Plan.Group(host: group.hostID, site: $0.site, count: group.count)
            }
        }
        let (unit, grace) = (order.request.spec.resources, order.request.release.grace)
        let from = order.window.end + grace
        var last = endOfRoom(for: groups, of: unit, from: from, upTo: end + grace, on: booked)
        guard from < last else { return nil }
        let added = Window(start: from, end: last)
        let (calendars, knownUntil) = try await store.quotaCalendars(of: order.tenant, within: added)
        last = min(last, knownUntil)
        for calendar in calendars {
            let count = groups.reduce(0) { sum, group in
                booked.site(group.site).map(calendar.scope.admits) == true ? sum + group.count : sum
            }
            let asked = calendar.limit.resource.amount(of: unit, count: count)
            if asked > 0, let full = calendar.closed(to: asked, within: added).first { last = min(last, full.start) }
        }
        let window = Window(start: order.window.start, end: (last - grace).wholeSecond)
        guard window.end > order.window.end else { return nil }
        return Offer(kind: .shorter, count: order.request.count, window: window)
    }

    /// One for each host.
    private static func merged(_ groups: [PlacedGroup]) -> [PlacedGroup] {
        let hosts = Dictionary(grouping: groups, by: \.hostID).sorted { $0.key < $1.key }
        return hosts.map { _, groups in
            var whole = groups[0]
            whole.count = groups.reduce(0) { $0 + $1.count }
            return whole
        }
    }
}
