import Glibc

/// A pipe that wakes a thread waiting in `poll`. Once rung it stays rung.
final class Alarm: Sendable {
    /// Readable after `ring()`.
    let descriptor: Int32
    private let bell: Int32

    init() throws(PostgresError) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
            throw PostgresError(kind: .other, message: "no pipe: errno \(errno)")
        }
        (descriptor, bell) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(bell)
    }

    func ring() {
        var byte: UInt8 = 1
        // Cannot fail before 65,536 unread rings, and then it has been rung.
        _ = write(bell, &byte, 1)
    }
}
