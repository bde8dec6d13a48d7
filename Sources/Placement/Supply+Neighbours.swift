import CapacityModel

extension Supply {
    /// Leaves no room on hosts that an affinity of `demand` forbids.
    mutating func heed(_ neighbours: [Neighbour], on inventory: Inventory) {
        for neighbour in neighbours {
            let level = neighbour.affinity.level
            let theirs = neighbour.hosts.compactMap { id -> Int? in
                guard let host = inventory.hostIndex(of: id), let site = inventory.siteIndex(ofHost: id) else {
                    return nil
                }
                return level == .host ? host : inventory.rooms[site].groups[level.position]
            }
            let groups = Set(theirs)
            for (site, room) in inventory.rooms.enumerated() where sites[site] > 0 {
                for host in room.hosts where hosts[host] > 0 {
                    let isTheirs = groups.contains(level == .host ? host : room.groups[level.position])
                    if isTheirs != (neighbour.affinity.kind == .together) { lower(host, ofSite: site, to: 0) }
                }
            }
        }
    }
}
