import CapacityModel

extension FleetFile {
    /// Reads a whole file, or says all that is wrong with it.
    package init(reading text: String) throws(FleetFileError) {
        var reader = FleetFileReader()
        reader.read(text)
        guard reader.flawCount == 0 else { throw FleetFileError(flaws: reader.flaws, count: reader.flawCount) }
        self.init(sites: reader.sites, hosts: reader.hosts)
    }
}

/// Takes a fleet file line by line.
private struct FleetFileReader: CSVReader {
    static let rowName = "host"

    private(set) var sites: [FleetFile.Site] = []
    private(set) var hosts: [FleetFile.Host] = []
    var flaws: [FleetFileError.Flaw] = []
    var flawCount = 0
    var line = 0

    private var siteIndices: [String: (index: Int, line: Int)] = [:]
    private var hostLines: [String: Int] = [:]

    mutating func readHeader(_ fields: [Substring]) -> Bool {
        readHeader(fields, expected: FleetFile.columns)
    }

    mutating func readRow(_ fields: [Substring]) {
        guard fields.count == FleetFile.columns.count else {
            return refuse(nil, "\(fields.count) fields where \(FleetFile.columns.count) were expected")
        }
        readHost(fields)
    }

    private mutating func readHost(_ fields: [Substring]) {
        let before = flawCount
        let site = readSite(fields)
        let name = readName(fields[1], column: "host")
        let allocatable = readAmounts(fields)
        if let name, let earlier = hostLines[name] {
            refuse("host", "host \(quoted(name)) is already in line \(earlier)")
        } else if let name {
            hostLines[name] = line
        }
        guard flawCount == before, let site, let name else { return }
        if let known = siteIndices[site.name] {
            agree(site, with: sites[known.index], line: known.line)
        } else {
            siteIndices[site.name] = (sites.count, line)
            sites.append(site)
        }
        hosts.append(FleetFile.Host(name: name, site: site.name, allocatable: allocatable))
    }

    private mutating func readSite(_ fields: [Substring]) -> FleetFile.Site? {
        let name = readName(fields[0], column: "site")
        let province = String(fields[2])
        if Province.named(province) == nil {
            refuse("province", "\(quoted(province)) is no province of GB/T 2260")
        } else if fields[3].utf8.count != 4 || !fields[3].utf8.allSatisfy(isDigit) || !fields[3].hasPrefix(province) {
            refuse("city", "\(quoted(fields[3])) is no four-digit city code of province \(province)")
        }
        let carrier = Carrier(rawValue: String(fields[4]))
        if carrier == nil {
            refuse("carrier", "\(quoted(fields[4])) is none of \(listed(Carrier.allCases.map(\.rawValue)))")
        }
        if !FleetFile.origins.contains(where: { $0 == fields[5] }) {
            refuse("origin", "\(quoted(fields[5])) is none of \(listed(FleetFile.origins))")
        }
        let capabilities = fields[12].isEmpty ? [] : fields[12].split(separator: ";", omittingEmptySubsequences: false)
        for capability in capabilities where !isName(capability, andAlso: ":") {
            refuse("capabilities", "\(quoted(capability)) is no capability: letters, digits and . _ - : make one")
        }
        guard let name, let carrier else { return nil }
        return FleetFile.Site(
            name: name,
            province: province,
            city: String(fields[3]),
            carrier: carrier,
            origin: String(fields[5]),
            capabilities: Set(capabilities.map(String.init))
        )
    }

    private mutating func readAmounts(_ fields: [Substring]) -> Resources {
        let vcpuMilli = readNumber(fields[6], column: "vcpu_milli", in: 1...10_000_000)
        let memoryMiB = readNumber(fields[7], column: "memory_mib", in: 1...1_000_000_000)
        let diskGiB = readNumber(fields[8], column: "disk_gib", in: 0...100_000_000)
        let bandwidthMbps = readNumber(fields[9], column: "bandwidth_mbps", in: 0...100_000_000)
        let gpuCount = readNumber(fields[11], column: "gpu_count", in: 0...1_024)
        let model = fields[10].isEmpty ? nil : readName(fields[10], column: "gpu_model")
        if fields[10].isEmpty != (gpuCount == 0) {
            refuse("gpu_model", "model \(quoted(fields[10])) and count \(gpuCount) contradict each other")
        }
        return Resources(
            vcpuMilli: vcpuMilli,
            memoryMiB: memoryMiB,
            diskGiB: diskGiB,
            bandwidthMbps: bandwidthMbps,
            gpuModel: model,
            gpuCount: gpuCount
        )
    }

    /// Refuses a line that says something else about its site than the site's first line did.
    private mutating func agree(_ site: FleetFile.Site, with known: FleetFile.Site, line first: Int) {
        let pairs: [(column: String, now: String, then: String)] = [
            ("province", site.province, known.province), ("city", site.city, known.city),
            ("carrier", site.carrier.rawValue, known.carrier.rawValue), ("origin", site.origin, known.origin),
            ("capabilities", listed(site.capabilities.sorted()), listed(known.capabilities.sorted())),
        ]
        for pair in pairs where pair.now != pair.then {
            let detail = "\(quoted(pair.now)) where line \(first) says \(quoted(pair.then)) of the same site"
            refuse(pair.column, detail)
        }
    }
}
