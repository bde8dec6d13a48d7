import FoundationEssentials

/// What this package builds for its tests, which lies beside them.
enum Built {
    static func path(of name: String) throws -> String {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = tests.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/" + name
        guard FileManager.default.fileExists(atPath: path) else { throw Trouble("\(path) was not built") }
        return path
    }
}
