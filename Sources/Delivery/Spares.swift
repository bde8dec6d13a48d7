import CapacityModel
import CapacityStore

/// Where an order's instances are and what is spare beside them. Pure.
struct Spares {
    /// Live instances, by site.
    let instances: [SiteID: Int]
    /// By host.
    let rows: [SpareRow]

    /// Whether the loss of any one site leaves as many as there are now, with what could be started elsewhere.
    var isWhole: Bool {
        let usable = rows.filter(\.isUsable)
        var sites = instances
        for row in usable { sites[row.site, default: 0] += row.count }
        return usable.reduce(0) { $0 + $1.count } >= sites.values.max() ?? 0
    }

    /// What to deliver in place of `count` that failed: nothing on hosts where one did, and at sites where one did last.
    func inPlace(of count: Int, failedOn hosts: Set<HostID>, at sites: Set<SiteID>) -> [SpareShare] {
        var rest = count
        let candidates = rows.filter { $0.isUsable && !hosts.contains($0.host) }
        return (candidates.filter { !sites.contains($0.site) } + candidates.filter { sites.contains($0.site) })
            .compactMap { row in
                guard rest > 0 else { return nil }
                let share = SpareShare(reservation: row.reservation, count: min(rest, row.count))
                rest -= share.count
                return share
            }
    }

    /// What can be given back because fewer instances need less; nothing where no part of the spare is enough.
    var surplus: [SpareShare] {
        var spare: [SiteID: Int] = [:]
        for row in rows where row.isUsable { spare[row.site, default: 0] += row.count }
        let total = spare.values.reduce(0, +)
        // The smallest that is enough: each one more lets each site but one count for one more.
        let perStep = max(1, Set(instances.keys).union(spare.keys).count - 1)
        var enough = max(1, instances.values.max() ?? 0)
        while enough <= total {
            let within = spare.reduce(0) { $0 + min($1.value, enough - instances[$1.key, default: 0]) }
            if within >= enough { break }
            enough += (enough - within + perStep - 1) / perStep
        }
        guard enough < total else { return [] }
        var (toKeep, atSite) = (enough, [SiteID: Int]())
        return rows.filter(\.isUsable).compactMap { row in
            let room = enough - instances[row.site, default: 0] - atSite[row.site, default: 0]
            let kept = min(row.count, room, toKeep)
            toKeep -= kept
            atSite[row.site, default: 0] += kept
            return kept < row.count ? SpareShare(reservation: row.reservation, count: row.count - kept) : nil
        }
    }
}
