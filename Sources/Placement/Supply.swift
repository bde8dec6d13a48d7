import CapacityModel

/// How many instances of a demand each host and site can take, by position in the inventory.
struct Supply: Sendable {
    /// What a host is thought to hold back, so that a refusal can say what binds.
    enum Premise: Sendable {
        /// What is reserved in the window is taken: the truth.
        case asBooked
        /// Nothing is reserved.
        case empty
        /// A host that is large enough for one instance when empty has no end of room.
        case unbounded
        /// Every host in scope is large enough, and has no end of room.
        case anySpec
    }

    /// Beside `Inventory.hosts`; 0 outside the scope.
    private(set) var hosts: [Int]
    /// Beside `hosts`, for shares of GPUs: how many of them fit on devices that are in use already. Empty for any other
    /// demand.
    private(set) var besideOthers: [Int]
    /// Beside `Inventory.sites`.
    private(set) var sites: [Int]
    /// How many sites the scope admits.
    private(set) var admitted = 0

    /// Sums over a site of many hosts stay far from overflow.
    private static let endless = Int(Int32.max)

    init(of demand: Demand, on inventory: Inventory, premise: Premise = .asBooked) {
        hosts = [Int](repeating: 0, count: inventory.hosts.count)
        sites = [Int](repeating: 0, count: inventory.sites.count)
        let unit = Amounts(demand.unit)
        let use = demand.unit.gpuUse
        let model = use == nil ? nil : demand.unit.gpuModel
        if case .share = use { besideOthers = hosts } else { besideOthers = [] }
        for (index, site) in inventory.sites.enumerated() where demand.scope.admits(site) {
            admitted += 1
            var sum = 0
            for host in inventory.rooms[index].hosts {
                if let model, inventory.hosts[host].allocatable.gpuModel != model, premise != .anySpec { continue }
                var fits = Self.fits(unit, host: host, on: inventory, during: demand.held, premise: premise)
                if let use, fits > 0, premise != .anySpec {
                    let room =
                        premise == .asBooked
                        ? DeviceRoom(of: host, on: inventory, during: demand.held)
                        : DeviceRoom(empty: inventory.allocatable[host].gpuCount)
                    let onDevices = room.fits(use)
                    fits = premise == .unbounded && onDevices > 0 ? fits : min(fits, onDevices)
                    if !besideOthers.isEmpty { besideOthers[host] = min(fits, room.fitsBesideOthers(use)) }
                }
                hosts[host] = fits
                sum += fits
            }
            sites[index] = sum
        }
        for host in demand.avoiding {
            guard let index = inventory.hostIndex(of: host), let site = inventory.siteIndex(ofHost: host)
            else { continue }
            sites[site] -= hosts[index]
            hosts[index] = 0
            if !besideOthers.isEmpty { besideOthers[index] = 0 }
        }
    }

    /// Leaves `host` room for at most `limit`.
    mutating func lower(_ host: Int, ofSite site: Int, to limit: Int) {
        let excess = max(0, hosts[host] - limit)
        hosts[host] -= excess
        sites[site] -= excess
        if !besideOthers.isEmpty { besideOthers[host] = min(besideOthers[host], hosts[host]) }
    }

    private static func fits(
        _ unit: Amounts,
        host: Int,
        on inventory: Inventory,
        during window: Window,
        premise: Premise
    ) -> Int {
        switch premise {
        case .asBooked:
            var free = inventory.allocatable[host]
            if !inventory.calendars[host].isEmpty { free -= inventory.calendars[host].peak(during: window) }
            return min(free.fits(unit), endless)
        case .empty: return min(inventory.allocatable[host].fits(unit), endless)
        case .unbounded: return inventory.allocatable[host].fits(unit) > 0 ? endless : 0
        case .anySpec: return endless
        }
    }
}
