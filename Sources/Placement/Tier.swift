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
