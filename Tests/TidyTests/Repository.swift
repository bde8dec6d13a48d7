import FoundationEssentials

/// One text file of the project, named by its path from the project's root.
struct TextFile {
    let path: String
    let text: String
    var isExecutable = false

    /// The lines, without the empty one that the last newline would make.
    var lines: [Substring] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.last == "" ? lines.dropLast() : lines
    }

    /// The folder below `Sources` or `Tests` the file lies in, which is its target's name.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }
}

/// The project's own files, as they lie around this one.
enum Repository {
    /// Whatever lies in `folder`, at any depth, and is kept by `isKept`, in the order of paths.
    static func files(in folder: String, where isKept: (String) -> Bool) throws -> [TextFile] {
        let base = root + "/" + folder
        return try FileManager.default.subpathsOfDirectory(atPath: base).filter(isKept).sorted().compactMap { path in
            guard let data = FileManager.default.contents(atPath: base + "/" + path) else { return nil }
            return TextFile(
                path: folder + "/" + path,
                text: String(decoding: data, as: UTF8.self),
                isExecutable: FileManager.default.isExecutableFile(atPath: base + "/" + path)
            )
        }
    }

    /// Swift that people write. Generated files are as their generator left them.
    static func swiftFiles(in folder: String) throws -> [TextFile] {
        try files(in: folder) { $0.hasSuffix(".swift") && !$0.contains("/Generated/") }
    }

    /// Everything a person writes and a test can read: Swift, and the scripts with what they share.
    static func writtenFiles() throws -> [TextFile] {
        try swiftFiles(in: "Sources") + swiftFiles(in: "Tests") + verbs() + files(in: "Scripts") { $0.hasSuffix(".sh") }
    }

    /// The scripts a person calls, and `.ci/run`, which a machine calls.
    static func verbs() throws -> [TextFile] {
        try files(in: "Scripts") { !$0.contains("/") && !$0.contains(".") && $0 != "lib" }
            + files(in: ".ci") { $0 == "run" }
    }

    private static let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
}
