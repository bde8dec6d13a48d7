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
    /// Beside `hosts`: how many of them cost no large slot at any moment of the window.
    private(set) var spare: [Int]
    /// Beside `Inventory.sites`.
    private(set) var sites: [Int]
    /// Beside `sites`: the sums of `spare`.
    private(set) var siteSpare: [Int]
    /// How many sites the scope admits.
    private(set) var admitted = 0

    let unit: Amounts
    let window: Window

    /// Sums over a site of many hosts stay far from overflow.
    private static let endless = Int(Int32.max)

    init(of demand: Demand, on inventory: Inventory, premise: Premise = .asBooked) {
        hosts = [Int](repeating: 0, count: inventory.hosts.count)
        spare = hosts
        sites = [Int](repeating: 0, count: inventory.sites.count)
        siteSpare = sites
        unit = Amounts(demand.unit)
        window = demand.held
        let use = demand.unit.gpuUse
        let model = use == nil ? nil : demand.unit.gpuModel
        if case .share = use { besideOthers = hosts } else { besideOthers = [] }
        for (index, site) in inventory.sites.enumerated() where demand.scope.admits(site) {
            admitted += 1
            var (sum, spareSum) = (0, 0)
            for host in inventory.rooms[index].hosts {
                if let model, inventory.hosts[host].allocatable.gpuModel != model, premise != .anySpec { continue }
                var (fits, spare) = fits(host, on: inventory, premise: premise)
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
                spare = min(spare, fits)
                self.spare[host] = spare
                sum += fits
                spareSum += spare
            }
            sites[index] = sum
            siteSpare[index] = spareSum
        }
        for host in demand.avoiding {
            guard let index = inventory.hostIndex(of: host), let site = inventory.siteIndex(ofHost: host)
            else { continue }
            sites[site] -= hosts[index]
            siteSpare[site] -= spare[index]
            (hosts[index], spare[index]) = (0, 0)
            if !besideOthers.isEmpty { besideOthers[index] = 0 }
        }
        if premise != .anySpec { heed(demand.neighbours, on: inventory) }
    }

    /// Leaves `host` room for at most `limit`.
    mutating func lower(_ host: Int, ofSite site: Int, to limit: Int) {
        let excess = max(0, hosts[host] - limit)
        hosts[host] -= excess
        sites[site] -= excess
        let spareExcess = max(0, spare[host] - hosts[host])
        spare[host] -= spareExcess
        siteSpare[site] -= spareExcess
        if !besideOthers.isEmpty { besideOthers[host] = min(besideOthers[host], hosts[host]) }
    }

    private func fits(_ host: Int, on inventory: Inventory, premise: Premise) -> (fits: Int, spare: Int) {
        let allocatable = inventory.allocatable[host]
        switch premise {
        case .asBooked:
            let room = inventory.calendars[host].room(of: allocatable, during: window)
            let fits = min(room.free.fits(unit), Self.endless)
            return (fits, fits > 0 ? min(room.spare.fits(unit), fits) : 0)
        case .empty: return (min(allocatable.fits(unit), Self.endless), 0)
        case .unbounded: return (allocatable.fits(unit) > 0 ? Self.endless : 0, 0)
        case .anySpec: return (Self.endless, 0)
        }
    }
}
