import CapacityAPI

/// One GPU of a host, and what the instances an engine has take of it.
package struct DeviceOccupancy: Equatable, Sendable {
    package var site: String
    package var host: String
    /// By index on the host.
    package var device: Int
    /// In thousandths of the device; more than 1,000 where instances were put there that do not fit beside each other.
    package var milli: Int64
    /// By id.
    package var instances: [String]

    /// What a device has, in thousandths.
    package static let whole: Int64 = 1_000

    package var isOverfull: Bool { milli > Self.whole }
}

extension Sequence where Element == Existing {
    /// The GPUs that instances are on, by site, host and index; one that no instance is on is left out.
    package var deviceOccupancy: [DeviceOccupancy] {
        var found: [[String]: [Int: DeviceOccupancy]] = [:]
        for existing in self.sorted(by: { $0.instance < $1.instance }) {
            guard let gpus = existing.gpus else { continue }
            for device in gpus.devices {
                var occupancy =
                    found[[existing.site, existing.host]]?[device]
                    ?? DeviceOccupancy(
                        site: existing.site, host: existing.host, device: device, milli: 0, instances: [])
                occupancy.milli += gpus.shareMilli ?? DeviceOccupancy.whole
                occupancy.instances.append(existing.instance)
                found[[existing.site, existing.host], default: [:]][device] = occupancy
            }
        }
        return found.values.flatMap(\.values).sorted {
            ($0.site, $0.host, $0.device) < ($1.site, $1.host, $1.device)
        }
    }
}
