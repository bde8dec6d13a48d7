import Placement
import Testing

@Suite("Files of nodes and pods")
struct PackingFileTests {
    private static let nodeHeader = PackingFile.nodeColumns.joined(separator: ",")
    private static let podHeader = PackingFile.itemColumns.joined(separator: ",")

    private func nodeFlaws(_ lines: String...) -> [String] {
        do {
            _ = try PackingFile.nodes(reading: ([Self.nodeHeader] + lines).joined(separator: "\n"))
            return []
        } catch {
            return error.flaws.map(\.description)
        }
    }

    private func podFlaws(_ lines: String...) -> [String] {
        do {
            _ = try PackingFile.items(reading: ([Self.podHeader] + lines).joined(separator: "\n"))
            return []
        } catch {
            return error.flaws.map(\.description)
        }
    }

    @Test("good lines become nodes and pods, and columns behind the known ones are passed over")
    func good() throws {
        let lines = ",rack\na,64000,1024,2,T4,r1\nb,8000,512,0,,r2\n"
        let nodes = try PackingFile.nodes(reading: Self.nodeHeader + lines)
        let first = PackingNode(
            name: "a", vcpuMilli: 64_000, memoryMiB: 1_024, gpuModel: "T4", deviceMilli: [1_000, 1_000]
        )
        #expect(nodes == [first, PackingNode(name: "b", vcpuMilli: 8_000, memoryMiB: 512)])
        let text =
            Self.podHeader + ",qos\np,1000,0,1,460,T4|G2|T4,LS\nq,1,2,1,1000,,LS\n"
            + "r,1,2,8,1000,,BE\ns,1,2,0,0,,BE"
        let items = try PackingFile.items(reading: text)
        #expect(items.map(\.gpu) == [.share(milli: 460), .whole(count: 1), .whole(count: 8), .none])
        #expect(items[0].models == ["T4", "G2"] && items[0].memoryMiB == 0)
    }

    @Test(
        "a bad value of a node is refused with its line and column",
        arguments: [
            ("n 1,1,1,0,", "sn"), ("n,-1,1,0,", "cpu_milli"), ("n,1,,0,", "memory_mib"), ("n,1,1,65,T4", "gpu"),
            ("n,1,1,1,", "model"), ("n,1,1,0,T4", "model"), ("n,1,1,1,T 4", "model"), ("m,1,1,0,", "sn"),
        ]
    )
    func badNode(line: String, column: String) {
        #expect(nodeFlaws("m,1,1,0,", line).contains { $0.hasPrefix("line 3, column \(column): ") })
    }

    @Test(
        "a bad value of a pod is refused with its line and column",
        arguments: [
            ("p 1,1,1,0,0,", "name"), ("p,1.5,1,0,0,", "cpu_milli"), ("p,1,x,0,0,", "memory_mib"),
            ("p,1,1,65,1000,", "num_gpu"), ("p,1,1,0,500,", "gpu_milli"), ("p,1,1,1,0,", "gpu_milli"),
            ("p,1,1,1,1001,", "gpu_milli"), ("p,1,1,2,500,", "gpu_milli"), ("p,1,1,1,500,T4||G2", "gpu_spec"),
            ("o,1,1,0,0,", "name"),
        ]
    )
    func badPod(line: String, column: String) {
        #expect(podFlaws("o,1,1,0,0,", line).contains { $0.hasPrefix("line 3, column \(column): ") })
    }

    @Test("one and a half of a GPU is no request")
    func oneAndAHalf() {
        let flaws = podFlaws("p,1,1,1,1500,")
        #expect(flaws == ["line 2, column gpu_milli: '1500' is no whole number from 1 to 1000"])
    }

    @Test("a file without its columns, or a line without its fields, says so")
    func shape() {
        #expect(podFlaws() == ["line 1: there is a header and no pod"])
        #expect(podFlaws("p,1") == ["line 2: 2 fields where 6 were expected"])
        let error = #expect(throws: FleetFileError.self) { try PackingFile.nodes(reading: "sn,cpu_milli\n") }
        #expect(error?.description == "line 1: the header has 2 columns where 5 belong")
    }
}
