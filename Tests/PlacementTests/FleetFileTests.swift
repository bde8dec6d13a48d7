import CapacityModel
import Placement
import Testing

@Suite("Fleet files")
struct FleetFileTests {
    private static let header = FleetFile.columns.joined(separator: ",")
    private static let good = "s1,h1,11,1101,telecom,self,32000,65536,480,1000,T4,2,l7lb;kernel:toa"

    private func flaws(_ lines: String...) -> [String] {
        do {
            _ = try FleetFile(reading: lines.joined(separator: "\n"))
            return []
        } catch {
            return error.flaws.map(\.description)
        }
    }

    @Test("a good line becomes a site and a host")
    func good() throws {
        let file = try FleetFile(reading: Self.header + "\r\n" + Self.good + "\r\n")
        let site = FleetFile.Site(
            name: "s1",
            province: "11",
            city: "1101",
            carrier: .telecom,
            origin: "self",
            capabilities: ["l7lb", "kernel:toa"]
        )
        let allocatable = Resources(
            vcpuMilli: 32_000,
            memoryMiB: 65_536,
            diskGiB: 480,
            bandwidthMbps: 1_000,
            gpuModel: "T4",
            gpuCount: 2
        )
        let host = FleetFile.Host(name: "h1", site: "s1", allocatable: allocatable)
        #expect(file == FleetFile(sites: [site], hosts: [host]))
    }

    @Test("the fleet of the main job reads as 93 sites and 400 hosts, and is written as it was")
    func provinces() throws {
        let text = try readTestFile("Fixtures/provinces.csv")
        let file = try FleetFile(reading: text)
        #expect(file.sites.count == 93)
        #expect(file.hosts.count == 400)
        #expect(try FleetFile(reading: file.text) == file)
    }

    @Test(
        "a bad value is refused with its line and column",
        arguments: [
            ("32000", "-1", "vcpu_milli"), ("32000", "0", "vcpu_milli"), ("32000", "1e9", "vcpu_milli"),
            ("65536", "", "memory_mib"), ("65536", "99999999999999999999", "memory_mib"), ("480", "4.5", "disk_gib"),
            ("1000", "+1", "bandwidth_mbps"), (",2,", ",-2,", "gpu_count"), ("T4", "", "gpu_model"),
            (",2,", ",0,", "gpu_model"), (",11,", ",99,", "province"), ("1101", "3101", "city"),
            ("1101", "110", "city"), ("telecom", "Telecom", "carrier"), ("self", "mine", "origin"), ("s1", "", "site"),
            ("h1", "h 1", "host"),
            ("h1", "\"h1\"", "host"), ("l7lb;", "l7lb;;", "capabilities"), ("l7lb", "l7 lb", "capabilities"),
        ]
    )
    func badValue(good: String, bad: String, column: String) throws {
        let range = try #require(Self.good.firstRange(of: good))
        let line = Self.good.replacingCharacters(in: range, with: bad)
        let flaws = flaws(Self.header, "s0,h0,11,1101,telecom,self,1,1,0,0,,0,", line)
        #expect(flaws.contains { $0.hasPrefix("line 3, column \(column): ") }, "\(flaws)")
    }

    @Test("a host stands once, and a site's lines agree")
    func contradictions() {
        let second = "s1,h2,11,1101,unicom,cdn,32000,65536,480,1000,,0,l7lb"
        #expect(
            flaws(Self.header, Self.good, second, Self.good) == [
                "line 3, column carrier: 'unicom' where line 2 says 'telecom' of the same site",
                "line 3, column origin: 'cdn' where line 2 says 'self' of the same site",
                "line 3, column capabilities: 'l7lb' where line 2 says 'kernel:toa, l7lb' of the same site",
                "line 4, column host: host 'h1' is already in line 2",
            ]
        )
    }

    @Test("a file without lines, header or hosts, or with a field too many, says so")
    func shape() {
        #expect(flaws("") == ["line 1: the file is empty; a header and a line per host were expected"])
        #expect(flaws("\r\n", "\n") == ["line 1: the file is empty; a header and a line per host were expected"])
        #expect(flaws(Self.header) == ["line 1: there is a header and no host"])
        #expect(flaws(Self.good) == ["line 1, column site: the header has 's1' where 'site' belongs"])
        #expect(flaws(Self.header + ",more", Self.good) == ["line 1: the header has 14 columns where 13 belong"])
        #expect(flaws(Self.header, Self.good + ",x") == ["line 2: 14 fields where 13 were expected"])
        #expect(flaws(Self.header, "", Self.good) == ["line 2: 1 fields where 13 were expected"])
    }

    @Test("of many flaws the first twenty are told, and the rest counted")
    func bounded() throws {
        let lines = [Self.header] + [String](repeating: "x", count: 50)
        let error = try #require(throws: FleetFileError.self) {
            try FleetFile(reading: lines.joined(separator: "\n"))
        }
        #expect(error.flaws.count == 20)
        #expect(error.count == 50)
        #expect(error.description.hasSuffix("\nand 30 more"))
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
