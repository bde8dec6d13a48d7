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
private struct FleetFileReader {
    private(set) var sites: [FleetFile.Site] = []
    private(set) var hosts: [FleetFile.Host] = []
    private(set) var flaws: [FleetFileError.Flaw] = []
    private(set) var flawCount = 0

    private var siteIndices: [String: (index: Int, line: Int)] = [:]
    private var hostLines: [String: Int] = [:]
    private var line = 0

    mutating func read(_ text: String) {
        var rest = text.utf8[...]
        if rest.starts(with: [0xef, 0xbb, 0xbf]) { rest = rest.dropFirst(3) }
        guard rest.contains(where: { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }) else {
            line = 1
            return refuse(nil, "the file is empty; a header and a line per host were expected")
        }
        while !rest.isEmpty {
            line += 1
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var content = rest[..<end]
            if content.last == UInt8(ascii: "\r") { content = content.dropLast() }
            rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...]
            let fields = content.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .map { Substring($0) }
            if line == 1 {
                guard readHeader(fields) else { return }
            } else {
                readHost(fields)
            }
        }
        if line == 1 { refuse(nil, "there is a header and no host") }
    }

    private mutating func readHeader(_ fields: [Substring]) -> Bool {
        let expected = FleetFile.columns
        if fields.map(String.init) == expected { return true }
        if let index = zip(fields, expected).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset {
            refuse(expected[index], "the header has \(quoted(fields[index])) where \(quoted(expected[index])) belongs")
        } else {
            refuse(nil, "the header has \(fields.count) columns where \(expected.count) belong")
        }
        return false
    }

    private mutating func readHost(_ fields: [Substring]) {
        guard fields.count == FleetFile.columns.count else {
            return refuse(nil, "\(fields.count) fields where \(FleetFile.columns.count) were expected")
        }
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

    /// The number, or the least allowed one after refusing it.
    private mutating func readNumber(_ field: Substring, column: String, in range: ClosedRange<Int64>) -> Int64 {
        if !field.isEmpty, field.utf8.allSatisfy(isDigit), let value = Int64(field), range.contains(value) {
            return value
        }
        refuse(column, "\(quoted(field)) is no whole number from \(range.lowerBound) to \(range.upperBound)")
        return range.lowerBound
    }

    private mutating func readName(_ field: Substring, column: String) -> String? {
        if isName(field) { return String(field) }
        refuse(column, "\(quoted(field)) is no name: 1 to 100 letters, digits and . _ - make one")
        return nil
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

    private mutating func refuse(_ column: String?, _ detail: String) {
        flawCount += 1
        guard flaws.count < FleetFileError.limit else { return }
        flaws.append(FleetFileError.Flaw(line: line, column: column, detail: detail))
    }
}

private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

/// Letters, digits, `.`, `_`, `-` and one more: what needs no quotes in CSV, a URL or a shell.
private func isName(_ text: Substring, andAlso extra: Unicode.Scalar? = nil) -> Bool {
    (1...100).contains(text.utf8.count)
        && text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
            default: scalar == extra
            }
        }
}

/// The text in quotes, cut where it is long: a wrong file's field may be a megabyte.
private func quoted(_ text: some StringProtocol) -> String {
    text.count <= 40 ? "'\(text)'" : "'\(text.prefix(40))…'"
}

private func listed(_ words: [String]) -> String { words.joined(separator: ", ") }
