import FoundationEssentials

/// Where the schema's files lie when nobody says.
enum MigrationsFolder {
    /// `Migrations` in the current folder, or in one of the folders the program lies in, from the inside out.
    static func find() throws -> String {
        for folder in ["."] + folders(above: executable) {
            let candidate = folder + "/Migrations"
            let files = (try? FileManager.default.contentsOfDirectory(atPath: candidate)) ?? []  // no folder, no files
            if files.contains(where: { $0.hasSuffix(".sql") }) { return candidate }
        }
        throw Complaint("the folder 'Migrations' is neither here nor beside the program; say where with --migrations")
    }

    private static var executable: String {
        let link = "/proc/self/exe"
        // Without /proc, the name the program was called by has to do.
        return (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) ?? CommandLine.arguments[0]
    }

    private static func folders(above path: String) -> [String] {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        var folders: [String] = []
        while !parts.isEmpty {
            folders.append(parts.joined(separator: "/"))
            parts = parts.dropLast()
        }
        return folders
    }
}
