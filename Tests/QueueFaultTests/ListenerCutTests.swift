import Glibc
import JobQueue
import Postgres
import TestSupport
import Testing
import queue_worker

extension QueueFaults {
    @Suite("a listening connection cut without a word")
    struct ListenerCutTests {
        static let poll = Duration.seconds(1)
        /// A probe after five seconds of silence, five more for its answer, and a moment to connect.
        static let noticing = Duration.seconds(15)

        @Test("jobs go on at the pace of polling until the listener notices by itself and listens again", limit)
        func cut() async throws {
            let server = try await PostgresServer.start(ServerShape(hasNetwork: true))
            let network = Network(of: try #require(server.processID))
            let ground = try await Ground(on: server)
            let hearing = Hearing()
            // Sessions go over the socket in the file system, which no network separates; only LISTEN goes over TCP.
            let worker = try await WorkerProcess(
                "worker", on: ground,
                ["--poll", "\(Int(Self.poll / .milliseconds(1)))", "--listen-database", server.networkConninfo],
                prefix: network.entering, hearing: hearing
            )
            try await hearing.wait(for: .listening)
            let bell = Bell(pool: ground.pool)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bell.run() }
                for _ in 0..<rounds(short: 1, long: 10) {
                    try await round(ground, bell, hearing, network)
                }
                group.cancelAll()
            }
            try await worker.finish()
        }

        private func round(_ ground: Ground, _ bell: Bell, _ hearing: Hearing, _ network: Network) async throws {
            let woken = try await waits(5, ground, bell, hearing)
            #expect(woken.median < Self.poll / 4, "no notification wakes the worker: it waited \(woken)")

            let port = try await ground.count(
                "SELECT client_port FROM pg_stat_activity WHERE client_addr = '127.0.0.1' ORDER BY backend_start DESC"
            )
            try await network.cut(port: port)
            let start = ContinuousClock.now
            let polled = try await waits(4, ground, bell, hearing)
            let slowest = polled.max() ?? .zero
            #expect(slowest > Self.poll / 4, "the connection was not cut: jobs waited \(polled)")
            #expect(slowest < Self.poll * 2, "slower than polling: jobs waited \(polled)")

            try await hearing.wait(for: .failed, "listen")
            try await hearing.wait(for: .listening)
            let deafness = ContinuousClock.now - start
            #expect(deafness < Self.noticing, "the listener noticed after \(deafness)")
            let again = try await waits(5, ground, bell, hearing)
            #expect(again.median < Self.poll / 4, "no notification wakes the worker after the cut: it waited \(again)")

            try Figures.note("listener_cut.woken_median_s", woken.median.inSeconds, "s")
            try Figures.note("listener_cut.polled_max_s", slowest.inSeconds, "s", atMost: (Self.poll * 2).inSeconds)
            try Figures.note("listener_cut.noticed_s", deafness.inSeconds, "s", atMost: Self.noticing.inSeconds)
            try Figures.note("listener_cut.woken_again_median_s", again.median.inSeconds, "s")
        }

        /// How long each of so many jobs waited, each enqueued when the one before was done: were it found by polling,
        /// that would be nearly an interval.
        private func waits(
            _ count: Int, _ ground: Ground, _ bell: Bell, _ hearing: Hearing
        ) async throws -> [Duration] {
            var waits: [Duration] = []
            for _ in 0..<count {
                let job = try await ground.enqueue()
                let start = ContinuousClock.now
                bell.ring("default")
                try await hearing.wait(for: .started, ofAll: job)
                waits.append(ContinuousClock.now - start)
                try await hearing.wait(for: .done, ofAll: job)
            }
            return waits
        }
    }
}

/// The network that a server has for itself, for those with the right to enter it.
private struct Network {
    let entering: [String]

    init(of processID: pid_t) {
        entering = ["nsenter", "--target", "\(processID)", "--net", "--"]
    }

    /// Lets no packet from or to `port` through, and tells neither side.
    func cut(port: Int) async throws {
        for side in ["--source-port", "--destination-port"] {
            try await Tool.run(
                entering + ["iptables", "-A", "INPUT", "--protocol", "tcp", side, "\(port)", "--jump", "DROP"]
            )
        }
    }
}

extension [Duration] {
    fileprivate var median: Duration { sorted()[count / 2] }
}
