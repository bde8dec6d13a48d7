import CapacityModel

/// The parts of `demand`'s spec that no host in scope has even when empty, each with the most there is.
///
/// For a spec of which one instance fits nowhere. There, if every part is had by some host, it is all of them together
/// that none has.
func excess(of demand: Demand, on inventory: Inventory) -> [Excess] {
    let unit = demand.unit
    var wanted = Amounts(unit)
    // A share wants a device to be on.
    wanted.gpuCount = Int64(unit.gpuUse?.devices ?? 0)
    let inScope = inventory.most(of: unit, avoiding: demand.avoiding) { demand.scope.admits($0) }
    let anywhere = inventory.most(of: unit) { _ in true }

    func part(_ part: Excess.Part, _ amount: (Amounts) -> Int64, _ text: (Int64) -> String) -> Excess? {
        let (asked, most, all) = (amount(wanted), amount(inScope), amount(anywhere))
        guard asked > most else { return nil }
        let elsewhere = all > most ? ", outside of it \(text(all))" : ""
        return Excess(
            part, detail: "\(text(asked)) asked for; the largest host in scope has \(text(most))\(elsewhere)")
    }
    let parts = [
        part(.vcpu, \.vcpuMilli) { "\(coresText($0)) vCPU" },
        part(.memory, \.memoryMiB) { "\($0) MiB" },
        part(.disk, \.diskGiB) { "\($0) GiB of disk" },
        part(.bandwidth, \.bandwidthMbps) { "\($0) Mbps" },
        part(unit.gpuModel != nil && inScope.gpuCount == 0 ? .gpuModel : .gpuCount, \.gpuCount) {
            "\($0) GPU \(unit.gpuModel ?? "of any model")"
        },
    ].compactMap(\.self)
    guard parts.isEmpty else { return parts }
    let detail = "each of these amounts is had by some host in scope, all of them together by none"
    return [Excess(.together, detail: detail)]
}

extension Inventory {
    /// The largest amount of each resource on any one host of the sites that `admits` picks. GPUs of another model than
    /// the one `unit` asks for are none.
    fileprivate func most(
        of unit: Resources, avoiding: Set<HostID> = [], where admits: (Site) -> Bool
    ) -> Amounts {
        var most = Amounts.zero
        for (index, site) in sites.enumerated() where admits(site) {
            for host in rooms[index].hosts where !avoiding.contains(hosts[host].id) {
                var amounts = allocatable[host]
                if let model = unit.gpuModel, hosts[host].allocatable.gpuModel != model { amounts.gpuCount = 0 }
                most.rise(to: amounts)
            }
        }
        return most
    }
}
