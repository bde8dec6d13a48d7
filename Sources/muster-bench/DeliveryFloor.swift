import CRI

/// How long the bare runtime takes for `count` instances: the same calls the agent's engine makes, as many at once,
/// with nothing of Muster around them. What delivery and release are measured against.
///
/// - Parameters:
///   - socket: the UNIX socket of the container runtime.
///   - logFolder: an existing folder, by absolute path, for the containers' output.
func deliveryFloor(
    socket: String,
    count: Int,
    concurrency: Int,
    image: String,
    logFolder: String
) async throws -> (upSeconds: Double, downSeconds: Double) {
    try await ContainerRuntime.withConnection(to: socket) { runtime in
        let clock = ContinuousClock()
        let floor = DeliveryFloor(runtime: runtime, image: image, logFolder: logFolder)
        var made: [DeliveryFloor.Made] = []
        let up = try await clock.measure {
            made = try await inParallel(Array(0..<count), atOnce: concurrency) { try await floor.start($0) }
        }
        let down = try await clock.measure {
            _ = try await inParallel(made, atOnce: concurrency) { try await floor.stop($0) }
        }
        return (up / .seconds(1), down / .seconds(1))
    }
}

private struct DeliveryFloor: Sendable {
    struct Made: Sendable {
        var pod: String
        var container: String
    }

    let runtime: ContainerRuntime
    let image: String
    let logFolder: String

    func start(_ number: Int) async throws -> Made {
        let labels = ["muster-bench.floor": "true"]
        let podConfig = ContainerRuntime.PodConfig(
            name: "floor-\(number)", namespace: "muster-bench", hostname: "floor-\(number)", labels: labels,
            logDirectory: logFolder
        )
        let pod = try await runtime.runPod(podConfig)
        let containerConfig = ContainerRuntime.ContainerConfig(
            name: "main", image: image, command: [],
            environment: ["MUSTER_INSTANCE": "floor-\(number)", "MUSTER_SITE": "floor", "MUSTER_WINDOW_END": ""],
            labels: labels, logPath: "floor-\(number).log", limits: .init(vcpuMilli: 50, memoryMiB: 16)
        )
        let container = try await runtime.createContainer(containerConfig, inPod: pod, of: podConfig)
        try await runtime.startContainer(container)
        _ = try await runtime.address(ofPod: pod)
        return Made(pod: pod, container: container)
    }

    func stop(_ made: Made) async throws {
        try await runtime.stopContainer(made.container, graceSeconds: 60)
        try await runtime.stopPod(made.pod)
        try await runtime.removePod(made.pod)
    }
}

/// Calls `body` for every item, `limit` at once; results come in the order they were ready.
private func inParallel<Item: Sendable, Value: Sendable>(
    _ items: [Item],
    atOnce limit: Int,
    _ body: @escaping @Sendable (Item) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: Value.self) { group in
        var waiting = items.makeIterator()
        for _ in 0..<limit {
            guard let item = waiting.next() else { break }
            group.addTask { try await body(item) }
        }
        var values: [Value] = []
        while let value = try await group.next() {
            values.append(value)
            if let item = waiting.next() { group.addTask { try await body(item) } }
        }
        return values
    }
}
