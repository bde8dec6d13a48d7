import CapacityModel

/// Where instances with GPUs go.
extension Supply {
    /// Makes what the fragmentation gradient would give each host, rules apart, what is taken first. Nothing for a demand
    /// without GPUs.
    mutating func preferUnfragmented(_ demand: Demand, on inventory: Inventory) {
        guard let gradient = FragmentationGradient(for: demand, on: inventory) else { return }
        let rooms = gpuLooks.filter { hosts[$0.host] > 0 }.sorted { $0.host < $1.host }.map { look in
            GPUHostRoom(
                look, fits: hosts[look.host], spare: spare.hosts[look.host],
                model: gradient.position(of: inventory.hosts[look.host].allocatable.gpuModel))
        }
        let gpus = GPUHosts(rooms, giving: demand.count, by: gradient)
        var first = Tier(hosts: hosts.count, sites: sites.count)
        gpus.forEachGiven { host, count in first.hosts[host] = count }
        for site in inventory.rooms.indices where sites[site] > 0 {
            first.sites[site] = inventory.rooms[site].hosts.reduce(0) { $0 + first.hosts[$1] }
        }
        prefer(first, of: gpus)
    }
}
