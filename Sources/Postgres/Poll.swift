import Glibc

/// `poll(2)` with a deadline, restarted after signals.
enum Poll {
    enum Outcome {
        /// What each descriptor is ready for.
        case ready([Int16])
        case late
        case failed(Int32)
    }

    static func wait(for wanted: [(descriptor: Int32, events: Int16)], until deadline: ContinuousClock.Instant?)
        -> Outcome
    {
        var entries = wanted.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
        while true {
            let limit = deadline.map { Int32(clamping: ContinuousClock.now.duration(to: $0).millisecondsLeft) } ?? -1
            let count = poll(&entries, nfds_t(entries.count), limit)
            if count > 0 { return .ready(entries.map(\.revents)) }
            if count == 0 { return .late }
            if errno != EINTR { return .failed(errno) }
        }
    }

    /// Whether something has come on `descriptor`, without waiting.
    static func isReadable(_ descriptor: Int32) -> Bool {
        switch wait(for: [(descriptor, Int16(POLLIN))], until: .now) {
        case .ready, .failed: true
        case .late: false
        }
    }
}

extension Duration {
    /// Milliseconds rounded up, none when the time has passed.
    fileprivate var millisecondsLeft: Int64 {
        self <= .zero ? 0 : milliseconds + 1
    }
}
