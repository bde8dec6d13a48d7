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
    private(set) var window: Window

    /// Sums over a site of many hosts stay far from overflow.
    private static let endless = Int(Int32.max)

    /// - Parameter shortlist: Which sites are looked at; without one all that the scope admits.
    init(
        of demand: Demand, on inventory: Inventory, premise: Premise = .asBooked, shortlist: Shortlist? = nil
    ) {
        hosts = [Int](repeating: 0, count: inventory.hosts.count)
        spare = hosts
        sites = [Int](repeating: 0, count: inventory.sites.count)
        siteSpare = sites
        unit = Amounts(demand.unit)
        window = demand.held
        let use = demand.unit.gpuUse
        let model = use == nil ? nil : demand.unit.gpuModel
        if case .share = use { besideOthers = hosts } else { besideOthers = [] }
        var shortlist = shortlist
        for index in shortlist?.order ?? Array(inventory.sites.indices) {
            guard demand.scope.admits(inventory.sites[index]) else { continue }
            if shortlist?.isLongEnough == true { break }
            admitted += 1
            var (sum, spareSum) = (0, 0)
            for host in inventory.rooms[index].hosts {
                if let model, inventory.hosts[host].allocatable.gpuModel != model, premise != .anySpec { continue }
                let (fits, spare) = look(at: host, use, on: inventory, premise: premise)
                hosts[host] = fits
                self.spare[host] = spare
                sum += fits
                spareSum += spare
            }
            sites[index] = sum
            siteSpare[index] = spareSum
            shortlist?.add(hosts: inventory.rooms[index].hosts.count, room: sum, spare: spareSum)
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

    /// Looks at one host again, for a demand whose window was moved. Returns its site.
    mutating func refresh(_ host: Int, for demand: Demand, on inventory: Inventory) -> Int? {
        let use = demand.unit.gpuUse
        let isOfModel = inventory.hosts[host].allocatable.gpuModel == demand.unit.gpuModel
        guard use == nil || demand.unit.gpuModel == nil || isOfModel,
            let site = inventory.siteIndex(ofHost: inventory.hosts[host].id)
        else { return nil }
        window = demand.held
        let (fits, spare) = look(at: host, use, on: inventory, premise: .asBooked)
        sites[site] += fits - hosts[host]
        siteSpare[site] += spare - self.spare[host]
        (hosts[host], self.spare[host]) = (fits, spare)
        return site
    }

    /// How many fit on a host, its devices included; notes how many of them beside others'.
    private mutating func look(
        at host: Int, _ use: GPUUse?, on inventory: Inventory, premise: Premise
    ) -> (fits: Int, spare: Int) {
        let (fits, spare) = fits(host, on: inventory, premise: premise)
        guard let use, fits > 0, premise != .anySpec else { return (fits, spare) }
        let room =
            premise == .asBooked
            ? DeviceRoom(of: host, on: inventory, during: window)
            : DeviceRoom(empty: inventory.allocatable[host].gpuCount)
        let onDevices = room.fits(use)
        let all = premise == .unbounded && onDevices > 0 ? fits : min(fits, onDevices)
        if !besideOthers.isEmpty { besideOthers[host] = min(all, room.fitsBesideOthers(use)) }
        return (all, min(spare, all))
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
