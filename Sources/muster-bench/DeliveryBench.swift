import ArgumentParser
import CapacityAPI
import CapacityModel
import FoundationEssentials
import Glibc

/// How much slower real containers come and go through Muster than by a minimal client that makes the same calls.
///
/// Needs a `musterd` with a fleet and an agent with engine `cri` and the same concurrency, the environment of
/// `BenchService`, and MUSTER_CONTAINERD, the agent's own containerd. The floor runs before and after, and its mean
/// counts, since a machine's pace drifts.
struct DeliveryBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delivery",
        abstract: "Real containers up and down through Muster, against the bare runtime."
    )

    @Option(help: "How many containers.") var count = 200
    @Option(help: "How many the floor, like the agent, starts or stops at a time.") var concurrency = 4

    func validate() throws {
        guard count > 0, concurrency > 0 else { throw ValidationError("--count and --concurrency are at least 1") }
    }

    /// Seconds from the order, or from its window's end, to the last instance.
    private struct Pace {
        var ready: Double
        var released: Double
    }

    func run() async throws {
        let socket = try required("MUSTER_CONTAINERD")
        let before = try await floor(socket)
        let ours = try await BenchService.with { service in try await deliver(service) }
        let after = try await floor(socket)
        let floor = Pace(ready: (before.ready + after.ready) / 2, released: (before.released + after.released) / 2)
        BenchReport.write(
            "delivery",
            [
                ratio("delivery.ready_ratio", ours.ready, floor.ready),
                ratio("delivery.release_ratio", ours.released, floor.released),
            ]
        )
    }

    private func ratio(_ key: String, _ ours: Double, _ floor: Double) -> BenchResult {
        let ratio = floor > 0 ? ours / floor : .infinity
        return BenchResult(
            key: key, value: ratio, unit: "1", goal: 1.25, holds: ratio <= 1.25, ours: ours, floor: floor)
    }

    private func floor(_ socket: String) async throws -> Pace {
        let logs = try LogFolder()
        defer { logs.remove() }
        let pace = try await deliveryFloor(
            socket: socket, count: count, concurrency: concurrency, image: BenchOrder.image, logFolder: logs.path
        )
        BenchReport.note("floor: \(count) up in \(pace.upSeconds.shown) s, down in \(pace.downSeconds.shown) s")
        return Pace(ready: pace.upSeconds, released: pace.downSeconds)
    }

    /// The window is long enough for a pace of two a second, far below any floor.
    private func deliver(_ service: BenchService) async throws -> Pace {
        let length = Duration.seconds(30 + count / 2)
        let order = BenchOrder(count: count, vcpu: 0.05, memoryMiB: 16, length: length)
        let asked = Instant.now
        let answer = try await service.post("/v1/orders", try order.body())
        let made = try service.decoded(OrderView.self, from: answer)
        let ready = try await last(.ready, of: made.id, service, atMost: length)
        BenchReport.note("Muster: \(count) up in \((ready - asked).inSeconds.shown) s")
        let limit = (made.window.end - ready) + length + .seconds(60)
        let released = try await last(.released, of: made.id, service, atMost: limit)
        BenchReport.note("Muster: \(count) down in \((released - made.window.end).inSeconds.shown) s")
        return Pace(ready: (ready - asked).inSeconds, released: (released - made.window.end).inSeconds)
    }

    /// When the last instance reached `state`, by the instants the agent reported.
    private func last(
        _ state: Instance.State,
        of order: String,
        _ service: BenchService,
        atMost limit: Duration
    ) async throws -> Instant {
        try await wait(for: "\(count) instances of \(order) are \(state.rawValue)", atMost: limit) {
            let body = try await service.get("/v1/orders/\(order)")
            let counts = try service.decoded(OrderView.self, from: body).counts.instances
            return (state == .ready ? counts.ready : counts.released) == count
        }
        let instances = try await service.all(InstanceView.self, "/v1/orders/\(order)/instances")
        guard let last = instances.filter({ $0.state == state }).map(\.since).max() else {
            throw BenchFailure("no instance of \(order) is \(state.rawValue) any more")
        }
        return last
    }
}

/// A folder for the output of the floor's containers, for as long as they run.
private struct LogFolder {
    let path: String

    init() throws(BenchFailure) {
        var template = Array("\(environment("TMPDIR") ?? "/tmp")/muster-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw BenchFailure("no folder for logs: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The floor's logs are flat files.
    func remove() {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink("\(path)/\(name)")
            }
            closedir(folder)
        }
        rmdir(path)
    }
}

extension Instant {
    /// What this machine's clock says; the agent and the database that it is compared with run on the same machine.
    static var now: Instant {
        Instant(microsecondsSinceEpoch: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
    }
}
