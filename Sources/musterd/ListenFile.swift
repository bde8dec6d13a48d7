import FoundationEssentials

/// The file that tells scripts where the service listens. Written whole or not at all: a reader never sees half of it.
///
/// It stays when the service ends, so that the next one can be given the address its clients know.
struct ListenFile {
    let path: String

    func write(host: String, port: Int) throws {
        let shown = host.contains(":") ? "[\(host)]" : host
        try Data("\(shown):\(port)\n".utf8).write(to: URL(filePath: path), options: .atomic)
    }
}
