/// Which modules a target may import: the table of layers. Arrows point up only.
///
/// SwiftPM refuses an undeclared sibling, but a declaration is one line that is easily added. This table says which
/// lines should never be.
enum Layers {
    /// What every target may use: the language's own, and the small half of Foundation, which knows no time zones.
    static let everybody: Set = ["FoundationEssentials", "Glibc", "Swift", "Synchronization"]

    /// The programs wire everything, so they are not listed; nor are tests.
    static let table: [String: Set<String>] = [
        "CapacityModel": [],
        "Placement": ["CapacityModel"],
        "Metering": ["CapacityModel"],
        "Postgres": ["CLibPQ", "Dispatch"],
        "JobQueue": ["Postgres", "Logging", "Metrics", "ServiceLifecycle"],
        "JobQueueTesting": ["JobQueue", "Postgres"],
        "CapacityStore": ["CapacityModel", "Postgres"],
        "Delivery": [
            "CapacityModel", "Placement", "Metering", "Postgres", "JobQueue", "CapacityStore",
            "Logging", "Metrics", "ServiceLifecycle",
        ],
        "CapacityAPI": ["CapacityModel"],
        "OrderService": [
            "CapacityModel", "Placement", "Metering", "Postgres", "JobQueue", "CapacityStore", "Delivery",
            "CapacityAPI", "CoreMetrics", "Crypto", "HTTPTypes", "Hummingbird", "Logging", "Metrics", "NIOCore",
            "ServiceLifecycle",
        ],
        "CRI": ["GRPCCore", "GRPCNIOTransportHTTP2Posix", "GRPCProtobuf", "SwiftProtobuf"],
        "SiteAgent": [
            "CapacityModel", "CapacityAPI", "CRI", "CSQLite", "AsyncHTTPClient", "Dispatch", "Logging", "NIOCore",
            "NIOHTTP1", "ServiceLifecycle",
        ],
        "TestSupport": ["Postgres", "Dispatch", "Testing"],
    ]

    /// The programs, which may import anything; only the command line may pay for the whole of Foundation.
    static let programs: Set = [
        "musterd", "muster", "muster-agent", "muster-bench", "queue-example", "queue-worker",
    ]

    /// Every import of `files` that the table does not allow, as sentences.
    static func violations(in files: [TextFile]) -> [String] {
        files.flatMap { file in
            imports(of: file).compactMap { module in
                if module == "Foundation", file.target != "muster" {
                    return "\(file.path) imports Foundation: use FoundationEssentials"
                }
                guard !programs.contains(file.target) else { return nil }
                guard let allowed = table[file.target] else {
                    return "\(file.path): target \(file.target) is not in the table of layers"
                }
                guard !allowed.contains(module), !everybody.contains(module) else { return nil }
                return "\(file.path) imports \(module), which is not for \(file.target)"
            }
        }
    }

    /// The modules a file imports: `import A`, `package import A`, `@testable import A`, `import struct A.B`.
    static func imports(of file: TextFile) -> [String] {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor"]
        let accesses: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
        return file.lines.compactMap { line in
            var words = line.split(separator: " ")[...]
            while let first = words.first, first.hasPrefix("@") || accesses.contains(first) {
                words = words.dropFirst()
            }
            guard words.popFirst() == "import" else { return nil }
            if let kind = words.first, kinds.contains(kind) { words = words.dropFirst() }
            return words.first.map { String($0.prefix { $0 != "." && $0 != ";" }) }
        }
    }
}
