import CRI
import FoundationEssentials

/// The folders that take the containers' output: one for each instance, gone when the instance is.
struct LogFolders: Sendable {
    static let fileName = "output.log"
    /// How much of a container's last words a failure carries.
    private static let tailLimitBytes = 500

    let folder: String

    /// Makes the folder of `instance` and returns its path.
    func make(for instance: String) throws(RuntimeFailure) -> String {
        let path = path(of: instance)
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .refused("the folder for the container's output could not be made: \(error)")
        }
        return path
    }

    func remove(for instance: String) {
        // A folder left behind costs a little space and nothing else; mostly there is none to remove.
        try? FileManager.default.removeItem(atPath: path(of: instance))
    }

    /// The end of what the container of `instance` wrote; empty where it wrote nothing that can be read.
    func tail(of instance: String) -> String {
        guard let content = FileManager.default.contents(atPath: path(of: instance) + "/" + Self.fileName) else {
            return ""
        }
        return String(decoding: content.suffix(Self.tailLimitBytes), as: UTF8.self)
    }

    /// An id is a path component of the agent's own making only if it looks like one.
    private func path(of instance: String) -> String {
        let safe = instance.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "_" }
        return folder + "/" + String(safe)
    }
}
