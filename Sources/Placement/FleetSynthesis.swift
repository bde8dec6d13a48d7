import CapacityModel

/// Makes a fleet like a real one out of a seed: for benchmarks, demonstrations and tests at size.
///
/// Cities and carriers are real; the shapes of hosts and their shares follow the nodes of public cluster traces; the
/// sizes of sites follow a long tail with median 9, ninth decile 41 and largest 400. One seed makes one fleet
/// everywhere.
package struct FleetSynthesis: Sendable {
    package var seed: UInt64
    package var siteCount: Int
    package var hostCount: Int

    package init(seed: UInt64 = 1, siteCount: Int = 1_026, hostCount: Int = 20_000) {
        precondition(siteCount > 0 && hostCount >= siteCount, "every site has a host; the caller checked its flags")
        self.seed = seed
        self.siteCount = siteCount
        self.hostCount = hostCount
    }

    package func fleet() -> FleetFile {
        var random = SplitMix64(seed: seed)
        let sizes = siteSizes(&random)
        var file = FleetFile(sites: [], hosts: [])
        file.hosts.reserveCapacity(hostCount)
        for (index, size) in sizes.enumerated() {
            let site = site(index, &random)
            file.sites.append(site)
            for number in 1...size {
                let digits = String(number)
                let padding = String(repeating: "0", count: max(0, 3 - digits.count))
                let name = "\(site.name)-h\(padding)\(digits)"
                file.hosts.append(FleetFile.Host(name: name, site: site.name, allocatable: allocatable(&random)))
            }
        }
        return file
    }

    /// Three carriers a city; fewer cities, evenly chosen, for a small fleet and several rooms a city for a large
    /// one.
    private func site(_ index: Int, _ random: inout SplitMix64) -> FleetFile.Site {
        let codes = PrefectureCodes.all
        let carriers: [Carrier] = [.mobile, .telecom, .unicom]
        let rooms = (siteCount + carriers.count - 1) / carriers.count
        let room = index / carriers.count
        let city = rooms <= codes.count ? codes[room * codes.count / rooms] : codes[room % codes.count]
        let carrier = carriers[index % carriers.count]
        let capabilities = Self.capabilities.filter { random.below(100) < $0.percent }.map(\.name)
        return FleetFile.Site(
            name: "\(city)-\(carrier.rawValue)-\(rooms <= codes.count ? 1 : room / codes.count + 1)",
            province: String(city.prefix(2)),
            city: city,
            carrier: carrier,
            origin: random.pick(Self.origins),
            capabilities: Set(capabilities)
        )
    }

    /// A size a site, drawn evenly over the distribution and shuffled, then moved by single hosts until the sum is
    /// right.
    private func siteSizes(_ random: inout SplitMix64) -> [Int] {
        let mean = 19.5
        let scale = max(1, Double(hostCount) / Double(siteCount) / mean)
        var sizes = (0..<siteCount).map { index in
            let quantile = (Double(index) + 0.5) / Double(siteCount)
            return max(1, Int(Self.size(at: quantile) * scale + 0.5))
        }
        random.shuffle(&sizes)
        var surplus = sizes.reduce(0, +) - hostCount
        while surplus != 0 {
            let site = random.below(siteCount)
            if surplus > 0, sizes[site] > 1 {
                sizes[site] -= 1
                surplus -= 1
            } else if surplus < 0 {
                sizes[site] += 1
                surplus += 1
            }
        }
        return sizes
    }

    /// The size below which a share of `quantile` of the sites lies, linear between the known points.
    private static func size(at quantile: Double) -> Double {
        let points = [
            (0.0, 1.0), (0.05, 2), (0.1, 3), (0.25, 5), (0.5, 9), (0.75, 20), (0.9, 41), (0.95, 63), (0.99, 169),
            (0.995, 350), (1, 400),
        ]
        for (low, high) in zip(points, points.dropFirst()) where quantile <= high.0 {
            return low.1 + (high.1 - low.1) * (quantile - low.0) / (high.0 - low.0)
        }
        return 400
    }

    private func allocatable(_ random: inout SplitMix64) -> Resources {
        let shape = random.pick(Self.shapes)
        return Resources(
            vcpuMilli: shape.cores * 1_000,
            memoryMiB: shape.memoryGiB * 1_024,
            diskGiB: random.pick([(1, 480), (1, 960), (1, 1_920), (1, 3_840)]),
            bandwidthMbps: random.pick([(1, 1_000), (1, 10_000), (1, 25_000)]),
            gpuModel: shape.gpu?.model,
            gpuCount: shape.gpu?.count ?? 0
        )
    }
}

extension FleetSynthesis {
    private struct Shape: Sendable {
        let cores: Int64
        let memoryGiB: Int64
        var gpu: (model: String, count: Int64)?

        init(_ cores: Int64, _ memoryGiB: Int64, _ model: String? = nil, _ count: Int64 = 0) {
            self.cores = cores
            self.memoryGiB = memoryGiB
            gpu = model.map { ($0, count) }
        }
    }

    private static let origins = [(weight: 49, choice: "self"), (31, "cdn"), (11, "third"), (9, "cloud")]

    private static let capabilities: [(name: String, percent: Int)] = [
        ("local-disk", 81), ("cloud-disk", 59), ("l7lb", 63), ("kernel:toa", 30),
    ]

    /// Weights in hosts of 20,000.
    private static let shapes: [(weight: Int, choice: Shape)] = [
        (7_473, Shape(32, 256)), (3_580, Shape(96, 512)), (1_762, Shape(96, 384)), (1_187, Shape(104, 512)),
        (1_399, Shape(32, 128)), (1_302, Shape(64, 512)), (582, Shape(32, 64)), (509, Shape(64, 256)),
        (238, Shape(64, 128)), (193, Shape(104, 768)), (66, Shape(96, 768)), (58, Shape(104, 192)),
        (767, Shape(96, 384, "G2", 8)), (531, Shape(104, 512, "T4", 2)), (118, Shape(16, 120, "P100", 2)),
        (50, Shape(128, 768, "G3", 8)), (42, Shape(32, 128, "V100M16", 4)), (34, Shape(64, 256, "P100", 2)),
        (30, Shape(96, 768, "V100M32", 8)), (27, Shape(8, 32, "V100M16", 1)), (25, Shape(96, 384, "T4", 4)),
        (14, Shape(48, 368, "V100M32", 4)), (6, Shape(64, 256, "V100M16", 8)), (4, Shape(8, 60, "P100", 2)),
        (3, Shape(128, 1_024, "A10", 1)),
    ]
}
