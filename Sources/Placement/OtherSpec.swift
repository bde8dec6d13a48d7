import CapacityModel

/// More and smaller instances, or else as many smaller ones, of which all fit where `demand` does not.
///
/// A smaller spec is the asked one halved, up to four times, each amount rounded up, as long as it keeps a tenth of a
/// core and 64 MiB and its GPUs stay whole devices. The same amount in all is tried first, twice as many at each
/// halving; where no such count fits, the count that was asked for is.
func otherSpec(for demand: Demand, on inventory: Inventory) -> (unit: Resources, count: Int)? {
    var units: [Resources] = []
    while units.count < 4, let half = (units.last ?? demand.unit).halved { units.append(half) }
    let supplies = units.map { unit -> (Demand, Supply) in
        var smaller = demand
        smaller.unit = unit
        return (smaller, Supply(of: smaller, on: inventory))
    }
    for keepsTotal in [true, false] {
        for (step, (smaller, supply)) in supplies.enumerated() {
            let factor = keepsTotal ? 2 << step : 1
            guard let asked = smaller.multiplied(by: factor) else { continue }
            let fits = hasRoom(for: asked, rules: asked.hardRules, supply: supply, on: inventory)
            if fits { return (asked.unit, asked.count) }
        }
    }
    return nil
}

/// No order asks for more instances than this, so none is proposed.
private let mostInstances = 1_000_000

extension Demand {
    fileprivate func multiplied(by factor: Int) -> Demand? {
        guard count <= mostInstances / factor else { return nil }
        var demand = self
        demand.count *= factor
        demand.leastAcceptable *= factor
        if shareBase == count { demand.shareBase = demand.count }
        return demand
    }
}

extension Resources {
    /// Half of each amount; `nil` where that would be too small to run anything, or half a device.
    fileprivate var halved: Resources? {
        guard vcpuMilli >= 200, memoryMiB >= 128, gpuCount.isMultiple(of: 2), gpuShareMilli.isMultiple(of: 2) else {
            return nil
        }
        func half(_ amount: Int64) -> Int64 { (amount + 1) / 2 }
        return Resources(
            vcpuMilli: half(vcpuMilli), memoryMiB: half(memoryMiB), diskGiB: half(diskGiB),
            bandwidthMbps: half(bandwidthMbps), gpuModel: gpuModel, gpuCount: gpuCount / 2,
            gpuShareMilli: gpuShareMilli / 2
        )
    }
}
