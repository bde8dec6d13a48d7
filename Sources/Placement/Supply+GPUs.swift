import CapacityModel

/// Where instances with GPUs go.
extension Supply {
    /// Makes what the fragmentation gradient would give each host, rules apart, what is taken first. Nothing for a demand
    /// without GPUs.
    mutating func preferUnfragmented(_ demand: Demand, on inventory: Inventory) {
        guard let gradient = FragmentationGradient(for: demand, on: inventory) else { return }
        let open = inventory.rooms.indices.filter { sites[$0] > 0 }
        var filling = filling(open.flatMap { inventory.rooms[$0].hosts }, by: gradient, on: inventory)
        var first = Tier(hosts: hosts.count, sites: sites.count)
        filling.take(demand.count) { host, _, count in first.hosts[host] += count }
        for site in open { first.sites[site] = inventory.rooms[site].hosts.reduce(0) { $0 + first.hosts[$1] } }
        prefer(first, by: gradient)
    }

    /// The hosts of a site that the gradient gives `count` instances.
    func hosts(
        for count: Int, by gradient: FragmentationGradient, among range: Range<Int>, on inventory: Inventory
    ) -> [(host: Int, count: Int)] {
        var counts = [Int](repeating: 0, count: range.count)
        var filling = filling(range, by: gradient, on: inventory)
        filling.take(count) { host, _, count in counts[host - range.lowerBound] += count }
        return zip(range, counts).filter { $0.1 > 0 }.map { (host: $0.0, count: $0.1) }
    }

    /// The devices of a host for `count` instances with GPUs: those of one set together, by their indices.
    func devices(
        for count: Int, on host: Int, by gradient: FragmentationGradient, on inventory: Inventory
    ) -> [(devices: [Int], count: Int)] {
        guard gradient.task.milli < GPUUse.device else {
            let room = DeviceRoom(of: host, on: inventory, during: window)
            return room.wholes(count, each: gradient.task.devices).map { ($0, 1) }
        }
        var counts = [Int](repeating: 0, count: Int(inventory.allocatable[host].gpuCount))
        var filling = filling([host], by: gradient, on: inventory)
        filling.take(count) { _, devices, count in counts[devices[0]] += count }
        precondition(counts.reduce(0, +) == count, "more instances than the supply said fit on a host")
        return counts.indices.filter { counts[$0] > 0 }.map { ([$0], counts[$0]) }
    }

    private func filling(
        _ range: some Sequence<Int>, by gradient: FragmentationGradient, on inventory: Inventory
    ) -> GradientFilling {
        let rooms = range.lazy.filter { hosts[$0] > 0 }.map { host in
            GPUHostRoom(
                host, fits: hosts[host], spare: spare.hosts[host], for: gradient, on: inventory, during: window)
        }
        return GradientFilling(Array(rooms), by: gradient)
    }
}

/// How much is taken of each host, and of each site, before more is.
struct Tier: Sendable {
    /// Beside `Inventory.hosts`.
    var hosts: [Int]
    /// Beside `Inventory.sites`: the sums.
    var sites: [Int]

    init(hosts: Int, sites: Int) {
        self.hosts = [Int](repeating: 0, count: hosts)
        self.sites = [Int](repeating: 0, count: sites)
    }

    mutating func lower(_ host: Int, ofSite site: Int, to limit: Int) {
        set(host, ofSite: site, to: min(hosts[host], limit))
    }

    mutating func set(_ host: Int, ofSite site: Int, to count: Int) {
        sites[site] += count - hosts[host]
        hosts[host] = count
    }
}
