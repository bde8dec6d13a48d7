import Glibc

/// One of the two streams a command writes to, unbuffered, so that a pipe sees each line when it is written.
enum Output: Sendable {
    case standard, error

    private var descriptor: Int32 {
        switch self {
        case .standard: STDOUT_FILENO
        case .error: STDERR_FILENO
        }
    }

    /// Writes all of `text`. A reader that has gone away, as `head` does, ends the program quietly.
    func write(_ text: String) {
        write(Array(text.utf8))
    }

    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                Glibc.exit(ExitReason.ok.rawValue)
            }
        }
    }

    /// The terminal this stream is, or `nil` for a pipe, a file, or a terminal that cannot move its cursor.
    var terminal: Terminal? {
        guard isatty(descriptor) == 1, getenv("TERM").map({ String(cString: $0) }) != "dumb" else { return nil }
        return Terminal(output: self)
    }

    var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}

/// The value of an environment variable, `nil` where it is unset or empty.
func environment(_ name: String) -> String? {
    guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return nil }
    return value
}
