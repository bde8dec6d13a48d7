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
    /// Beside `Inventory.sites`.
    private(set) var sites: [Int]
    /// How many cost no large slot at any moment of the window, nor what the free GPUs of a host need for instances of
    /// their own.
    private(set) var spare: Tier
    /// Beside `hosts`: the seconds of large slots that each has over the window, where it has room.
    private(set) var slotSeconds: [Int64]
    /// How many leave the free GPUs of a host what those need; `nil` where none is known to need anything, or the demand is
    /// for GPUs itself.
    private(set) var besideGPUs: Tier?
    /// What the fragmentation gradient gives each host; for a demand of GPUs once that is worked out.
    private(set) var unfragmented: Tier?
    /// Where that stands, device by device.
    private(set) var gpus: GPUHosts?
    /// What was seen of the hosts with GPUs that have room, so that nobody has to look at their devices again.
    private(set) var gpuLooks: [GPULook] = []
    /// What is taken before more is, one after the other.
    var tiers: [Tier] { unfragmented.map { [$0] } ?? [spare] + (besideGPUs.map { [$0] } ?? []) }
    /// How many sites the scope admits.
    private(set) var admitted = 0

    let unit: Amounts
    private let kept: KeptForGPUs?
    private(set) var window: Window

    /// Sums over a site of many hosts stay far from overflow.
    private static let endless = Int(Int32.max)

    /// - Parameter shortlist: Which sites are looked at; without one all that the scope admits.
    init(
        of demand: Demand, on inventory: Inventory, premise: Premise = .asBooked, shortlist: Shortlist? = nil
    ) {
        hosts = [Int](repeating: 0, count: inventory.hosts.count)
        sites = [Int](repeating: 0, count: inventory.sites.count)
        spare = Tier(hosts: hosts.count, sites: sites.count)
        slotSeconds = [Int64](repeating: 0, count: hosts.count)
        unit = Amounts(demand.unit)
        window = demand.held
        let use = demand.unit.gpuUse
        let model = use == nil ? nil : demand.unit.gpuModel
        kept = premise == .asBooked && use == nil ? KeptForGPUs(on: inventory) : nil
        if kept != nil { besideGPUs = spare }
        var shortlist = shortlist
        let isNationwide = demand.scope == .nationwide
        for index in shortlist?.order ?? Array(inventory.sites.indices) {
            guard isNationwide || demand.scope.admits(inventory.sites[index]) else { continue }
            if shortlist?.isLongEnough == true { break }
            admitted += 1
            var open = 0
            for host in inventory.rooms[index].hosts {
                if let model, inventory.hosts[host].allocatable.gpuModel != model, premise != .anySpec { continue }
                let look = look(at: host, use, on: inventory, premise: premise)
                note(look, of: host, ofSite: index)
                guard look.fits > 0 else { continue }
                open += 1
                if let devices = look.devices, premise == .asBooked {
                    gpuLooks.append(GPULook(host: host, free: look.free, devices: devices))
                }
            }
            shortlist?.add(
                hosts: inventory.rooms[index].hosts.count, open: open, room: sites[index], spare: spare.sites[index])
        }
        for host in demand.avoiding {
            guard let index = inventory.hostIndex(of: host), let site = inventory.siteIndex(ofHost: host)
            else { continue }
            lower(index, ofSite: site, to: 0)
        }
        if premise != .anySpec { heed(demand.neighbours, on: inventory) }
    }

    /// Leaves `host` room for at most `limit`.
    mutating func lower(_ host: Int, ofSite site: Int, to limit: Int) {
        let excess = max(0, hosts[host] - limit)
        hosts[host] -= excess
        sites[site] -= excess
        spare.lower(host, ofSite: site, to: hosts[host])
        besideGPUs?.lower(host, ofSite: site, to: hosts[host])
        unfragmented?.lower(host, ofSite: site, to: hosts[host])
    }

    /// Has the hosts preferred that the gradient prefers.
    mutating func prefer(_ unfragmented: Tier, of gpus: GPUHosts) {
        (self.unfragmented, self.gpus) = (unfragmented, gpus)
        gpuLooks = []
    }

    /// Looks at one host again, for a demand whose window was moved. Returns its site. Only counts are kept up.
    mutating func refresh(_ host: Int, for demand: Demand, on inventory: Inventory) -> Int? {
        let use = demand.unit.gpuUse
        let isOfModel = inventory.hosts[host].allocatable.gpuModel == demand.unit.gpuModel
        guard use == nil || demand.unit.gpuModel == nil || isOfModel,
            let site = inventory.siteIndex(ofHost: inventory.hosts[host].id)
        else { return nil }
        window = demand.held
        note(look(at: host, use, on: inventory, premise: .asBooked), of: host, ofSite: site)
        gpuLooks = []
        return site
    }

    private mutating func note(_ look: HostLook, of host: Int, ofSite site: Int) {
        sites[site] += look.fits - hosts[host]
        hosts[host] = look.fits
        slotSeconds[host] = look.slotSeconds
        spare.set(host, ofSite: site, to: look.spare)
        besideGPUs?.set(host, ofSite: site, to: look.besideGPUs)
    }

    /// How many fit on a host, its devices included.
    private func look(at host: Int, _ use: GPUUse?, on inventory: Inventory, premise: Premise) -> HostLook {
        var look = fits(host, on: inventory, premise: premise)
        guard let use, look.fits > 0, premise != .anySpec else { return look }
        let room =
            premise == .asBooked
            ? DeviceRoom(of: host, on: inventory, during: window)
            : DeviceRoom(empty: inventory.allocatable[host].gpuCount)
        let onDevices = room.fits(use)
        look.fits = premise == .unbounded && onDevices > 0 ? look.fits : min(look.fits, onDevices)
        look.spare = min(look.spare, look.fits)
        look.devices = room
        return look
    }

    private func fits(_ host: Int, on inventory: Inventory, premise: Premise) -> HostLook {
        let allocatable = inventory.allocatable[host]
        switch premise {
        case .asBooked:
            let room = inventory.calendars.steps(of: host).room(of: allocatable, during: window)
            let fits = min(room.free.fits(unit), Self.endless)
            guard fits > 0 else { return HostLook(fits: 0) }
            var look = HostLook(
                fits: fits, spare: min(room.spare.fits(unit), fits), besideGPUs: fits, free: room.free,
                slotSeconds: room.slotSeconds)
            if let kept, allocatable.gpuCount > 0 {
                look.besideGPUs = min(fits, kept.left(of: room.free, on: host, inventory, during: window).fits(unit))
                look.spare = min(look.spare, look.besideGPUs)
            }
            return look
        case .empty: return HostLook(fits: min(allocatable.fits(unit), Self.endless))
        case .unbounded: return HostLook(fits: allocatable.fits(unit) > 0 ? Self.endless : 0)
        case .anySpec: return HostLook(fits: Self.endless)
        }
    }
}

/// How many instances fit on a host, and how many of them before something is lost that is worth more.
private struct HostLook {
    var fits: Int
    var spare = 0
    var besideGPUs = 0
    /// What is free throughout, of the host and of its devices where those were looked at.
    var free = Amounts.zero
    /// The seconds of large slots it has.
    var slotSeconds: Int64 = 0
    var devices: DeviceRoom?
}
