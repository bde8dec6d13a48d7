import CapacityModel
import CapacityStore
import Placement

/// How much of each site may be under offer: half of it, or its largest host where that is more, all tenants together.
///
/// So a flood of refusals leaves at least half of every site of several hosts to those who order. GPUs are counted in
/// thousandths of a device, as shares, whatever their model.
struct OfferLimits {
    private var left: [SiteID: Resources] = [:]
    private var siteOfHost: [HostID: SiteID] = [:]

    init(sites: [SiteID], on inventory: Inventory, offered: [SiteID: Resources]) {
        let known = Set(sites)
        var totals: [SiteID: Resources] = [:]
        var largest: [SiteID: Resources] = [:]
        for host in inventory.hosts where known.contains(host.site) {
            siteOfHost[host.id] = host.site
            let amounts = host.allocatable.inShares
            totals[host.site, default: .zero] += amounts
            largest[host.site, default: .zero].rise(to: amounts)
        }
        for site in sites {
            var limit = totals[site, default: .zero].half
            limit.rise(to: largest[site, default: .zero])
            limit -= offered[site, default: .zero].inShares
            left[site] = limit
        }
    }

    /// - Parameter rows: By host, those of one host and device together.
    func allow(_ rows: [OfferedCapacity]) -> Bool {
        var taken: [SiteID: Resources] = [:]
        var index = 0
        while index < rows.count {
            let (host, devices) = (rows[index].host, rows[index].devices)
            var peak = Resources.zero
            while index < rows.count, rows[index].host == host, rows[index].devices == devices {
                peak.rise(to: rows[index].amounts.inShares)
                index += 1
            }
            if let site = siteOfHost[host] { taken[site, default: .zero] += peak }
        }
        return taken.allSatisfy { site, amounts in amounts.isWithin(left[site, default: .zero]) }
    }
}

extension Resources {
    /// The same with GPUs as shares of no model: a sum of them can be compared.
    fileprivate var inShares: Resources {
        var amounts = self
        (amounts.gpuModel, amounts.gpuCount, amounts.gpuShareMilli) = (nil, 0, gpuMilli)
        return amounts
    }

    /// Raises each amount to that of `other` where that is more; of GPUs the shares.
    mutating func rise(to other: Resources) {
        vcpuMilli = max(vcpuMilli, other.vcpuMilli)
        memoryMiB = max(memoryMiB, other.memoryMiB)
        diskGiB = max(diskGiB, other.diskGiB)
        bandwidthMbps = max(bandwidthMbps, other.bandwidthMbps)
        gpuShareMilli = max(gpuShareMilli, other.gpuShareMilli)
    }

    fileprivate var half: Resources {
        Resources(
            vcpuMilli: vcpuMilli / 2, memoryMiB: memoryMiB / 2, diskGiB: diskGiB / 2, bandwidthMbps: bandwidthMbps / 2,
            gpuShareMilli: gpuShareMilli / 2)
    }

    fileprivate func isWithin(_ other: Resources) -> Bool {
        vcpuMilli <= other.vcpuMilli && memoryMiB <= other.memoryMiB && diskGiB <= other.diskGiB
            && bandwidthMbps <= other.bandwidthMbps && gpuShareMilli <= other.gpuShareMilli
    }
}
