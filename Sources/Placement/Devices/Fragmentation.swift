import CapacityModel

/// A sentence that the GPUs in scope have more free in sum than instances of `demand` can use, because what is free is in pieces:
/// of devices, of which each share needs one with all of it free, or of hosts, of which an instance needs one with all its
/// devices. Empty where nothing is lost to that.
func fragmentation(of demand: Demand, on inventory: Inventory) -> String {
    guard let use = demand.unit.gpuUse else { return "" }
    var (free, inPieces) = (Int64(0), 0)
    for (index, site) in inventory.sites.enumerated() where demand.scope.admits(site) {
        for host in inventory.rooms[index].hosts {
            if let model = demand.unit.gpuModel, inventory.hosts[host].allocatable.gpuModel != model { continue }
            let room = DeviceRoom(of: host, on: inventory, during: demand.held)
            free += room.inSum(for: use)
            inPieces += room.fits(use)
        }
    }
    let each = Int64(use.devices) * use.milli
    guard free / each > inPieces else { return "" }
    let (amount, place) =
        switch use {
        case .whole: ("\(free / GPUUse.device) whole ones", "host")
        case .share: (coresText(free) + " of them", "device")
        }
    return " Their GPUs are fragmented: the \(amount) free in sum would do for \(free / each), but what is free on any "
        + "one \(place) alone does for \(inPieces)."
}

extension DeviceRoom {
    /// What is free of all devices together, as far as `use` could be made of it if they were one: whole devices only, or any
    /// share.
    fileprivate func inSum(for use: GPUUse) -> Int64 {
        switch use {
        case .whole: Int64(free.count { $0 == GPUUse.device }) * GPUUse.device
        case .share: free.reduce(0) { $0 + max(0, $1) }
        }
    }
}
