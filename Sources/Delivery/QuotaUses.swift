import CapacityModel
import CapacityStore
import Placement

/// What is in use under the quotas of several tenants, together with what is set aside for their orders. Pure.
struct QuotaUses {
    private var calendars: [TenantID: [QuotaCalendar]]

    init(_ calendars: [TenantID: [QuotaCalendar]]) {
        self.calendars = calendars
    }

    /// What they leave a tenant within `held`.
    func rooms(of tenant: TenantID, during held: Window) -> [QuotaRoom] {
        calendars[tenant]?.compactMap { $0.room(during: held) } ?? []
    }

    /// Counts what is set aside for an order, so that the next of its tenant is not thought to have it as well.
    mutating func take(_ share: WaitingList.Share, on fleet: FleetByClass) {
        guard let count = calendars[share.tenant]?.count else { return }
        let inventory = fleet[share.tenantClass]
        for index in 0..<count {
            guard let calendar = calendars[share.tenant]?[index] else { continue }
            let instances = share.plan.taken.reduce(0) { sum, group in
                inventory.site(group.site).map(calendar.scope.admits) == true ? sum + group.count : sum
            }
            let amount = calendar.limit.resource.amount(of: share.unit, count: instances)
            if amount > 0 { calendars[share.tenant]?[index].take(amount, during: share.held) }
        }
    }
}

extension QuotaCalendar {
    /// What the limit leaves within `held`; `nil` where it does not hold then.
    fileprivate func room(during held: Window) -> QuotaRoom? {
        let (start, end) = (max(held.start, during.from ?? held.start), min(held.end, during.until ?? held.end))
        guard start < end else { return nil }
        var use = QuotaUse(limit: limit, first: 0, peak: 0, peakAt: nil)
        for (index, level) in levels.enumerated() {
            let isOver = index + 1 < levels.count && levels[index + 1].at <= start
            guard !isOver, level.at < end else { continue }
            if level.at <= start { use.first = level.reserved }
            if level.reserved > use.peak { (use.peak, use.peakAt) = (level.reserved, max(level.at, start)) }
        }
        return QuotaRoom(quota: quota, scope: scope, from: during.from, use: use)
    }

    /// Raises what is in use by `amount` throughout `held`.
    fileprivate mutating func take(_ amount: Int64, during held: Window) {
        for instant in [held.start, held.end] {
            let next = levels.firstIndex { $0.at > instant } ?? levels.endIndex
            if next > 0, levels[next - 1].at == instant { continue }
            levels.insert(Level(at: instant, reserved: next > 0 ? levels[next - 1].reserved : 0), at: next)
        }
        for index in levels.indices where held.start <= levels[index].at && levels[index].at < held.end {
            levels[index].reserved += amount
        }
    }
}
