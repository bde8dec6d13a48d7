import Testing

@Suite("Layers")
struct LayerTests {
    @Test("no target imports a module its layer is not given")
    func table() throws {
        let violations = try Layers.violations(in: Repository.swiftFiles(in: "Sources"))
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("an import that points down, an unknown target and the whole of Foundation are found")
    func ruleBites() {
        let files = [
            TextFile(path: "Sources/Placement/A.swift", text: "import CapacityModel\npackage import JobQueue\n"),
            TextFile(path: "Sources/Utils/B.swift", text: "import struct CapacityModel.Site\n"),
            TextFile(path: "Sources/Metering/C.swift", text: "@testable import Foundation\n"),
            TextFile(path: "Sources/muster/D.swift", text: "import Foundation\nimport Yams\n"),
            TextFile(path: "Sources/CapacityModel/E.swift", text: "// import Hummingbird\nlet imported = 1\n"),
        ]
        #expect(
            Layers.violations(in: files) == [
                "Sources/Placement/A.swift imports JobQueue, which is not for Placement",
                "Sources/Utils/B.swift: target Utils is not in the table of layers",
                "Sources/Metering/C.swift imports Foundation: use FoundationEssentials",
            ]
        )
    }

    @Test("the arrows between layers have no circle")
    func acyclic() {
        var remaining = Layers.table.mapValues { $0.filter(Layers.table.keys.contains) }
        while let free = remaining.first(where: { $0.value.isEmpty })?.key {
            remaining[free] = nil
            for target in remaining.keys { remaining[target]?.remove(free) }
        }
        #expect(remaining.isEmpty)
    }
}
