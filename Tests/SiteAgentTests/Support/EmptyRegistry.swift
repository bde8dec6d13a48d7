import Dispatch
import Glibc

/// A registry on the loopback address that has nothing to give.
final class EmptyRegistry: Sendable {
    /// How it says so.
    enum Manner: Sendable {
        case notFound
        /// As large registries do: whoever asks gets a token, which opens nothing.
        case hidden
        case passwordNeeded
        case outOfOrder
    }

    let port: UInt16
    private let manner: Manner
    private let listener: Int32

    struct Failure: Error {
        var call: String
        var code = errno
    }

    init(_ manner: Manner) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else { throw Failure(call: "socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, size) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, pointer, &size) == 0
            }
        }
        guard isBound else { throw Failure(call: "bind") }
        self.listener = listener
        self.manner = manner
        port = UInt16(bigEndian: address.sin_port)
        // Accepting blocks, so it has a thread of its own; it ends when the listener is shut.
        DispatchQueue(label: "empty-registry").async { self.serve() }
    }

    /// From now on connections are refused.
    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
    }

    private func serve() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            var bytes = [UInt8](repeating: 0, count: 8_192)
            let count = max(0, read(client, &bytes, bytes.count))
            let answer = Array(answer(to: String(decoding: bytes.prefix(count), as: UTF8.self)).utf8)
            _ = write(client, answer, answer.count)
            Glibc.close(client)
        }
    }

    private func answer(to question: String) -> String {
        if question.hasPrefix("GET /token") || question.hasPrefix("POST /token") {
            return Self.answer("200 OK", body: #"{ "token": "opens-nothing" }"#)
        }
        switch manner {
        case .notFound: return Self.answer("404 Not Found")
        case .passwordNeeded: return Self.answer("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"")
        case .outOfOrder: return Self.answer("503 Service Unavailable")
        case .hidden:
            let why = question.contains("opens-nothing") ? ",error=\"insufficient_scope\"" : ""
            let realm = "realm=\"http://127.0.0.1:\(port)/token\",service=\"s\",scope=\"repository:probe:pull\""
            return Self.answer("401 Unauthorized\r\nWWW-Authenticate: Bearer \(realm)\(why)")
        }
    }

    private static func answer(_ head: String, body: String = "") -> String {
        "HTTP/1.1 \(head)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }
}
