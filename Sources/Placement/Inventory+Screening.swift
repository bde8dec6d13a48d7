package import CapacityModel

extension Inventory {
    /// The positions of the sites that `scope` admits.
    package func positions(in scope: Scope) -> [Int] {
        sites.indices.filter { scope.admits(sites[$0]) }
    }

    /// Whether any host at the sites in `positions` has room for one instance of `demand` throughout its window, as far as amounts
    /// tell. Where none in its scope has, no plan will find any, whatever else the demand asks for.
    package func hasRoom(for demand: Demand, at positions: [Int]) -> Bool {
        let unit = Amounts(demand.unit)
        for site in positions {
            for host in rooms[site].hosts where allocatable[host].holds(unit) {
                if calendars[host].hasRoom(for: unit, of: allocatable[host], during: demand.held) { return true }
            }
        }
        return false
    }
}

extension HostCalendar {
    /// Whether `unit` fits beside what is taken at every moment of `window`; looks no further than to the first at which it does not.
    func hasRoom(for unit: Amounts, of allocatable: Amounts, during window: Window) -> Bool {
        guard !isEmpty else { return true }
        return allSteps(during: window) { taken in (allocatable - taken).holds(unit) }
    }
}

extension Amounts {
    /// Whether there is enough of whatever `unit` takes; of the rest there may be less than nothing.
    fileprivate func holds(_ unit: Amounts) -> Bool {
        (unit.vcpuMilli <= 0 || vcpuMilli >= unit.vcpuMilli) && (unit.memoryMiB <= 0 || memoryMiB >= unit.memoryMiB)
            && (unit.diskGiB <= 0 || diskGiB >= unit.diskGiB)
            && (unit.bandwidthMbps <= 0 || bandwidthMbps >= unit.bandwidthMbps)
            && (unit.gpuCount <= 0 || gpuCount >= unit.gpuCount)
    }
}
