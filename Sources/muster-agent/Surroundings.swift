import ArgumentParser
import FoundationEssentials
import Glibc

/// The key the agent shows the centre.
enum AgentKey {
    /// The key from `file`, or from the environment where no file is named.
    static func read(file: String?) throws -> String {
        let text: String
        if let file {
            do {
                text = try String(contentsOfFile: file, encoding: .utf8)
            } catch {
                throw ValidationError("The key file \(file) cannot be read: \(error)")
            }
        } else if let value = ProcessInfo.processInfo.environment["MUSTER_AGENT_KEY"] {
            text = value
        } else {
            throw ValidationError("No key: name a file with --key-file or set MUSTER_AGENT_KEY.")
        }
        let key = String(text.drop { $0.isWhitespace }.prefix { !$0.isWhitespace })
        guard !key.isEmpty else { throw ValidationError("The agent's key is empty.") }
        return key
    }
}

/// The folder an agent remembers in, by absolute path, since a container runtime lives in another folder.
struct StateFolder {
    let path: String

    init(path: String) throws {
        let here = FileManager.default.currentDirectoryPath
        self.path = path.hasPrefix("/") ? path : here + "/" + path
        try Self.make(self.path)
    }

    /// The folder for containers' output.
    func logs() throws -> String {
        try Self.make(path + "/logs")
        return path + "/logs"
    }

    private static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw ValidationError("The folder \(path) cannot be made: \(error)")
        }
    }
}

enum Machine {
    /// The name this machine gives itself.
    static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "agent" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
