extension ContainerRuntime {
    /// What a container is made from.
    package struct ContainerConfig: Equatable, Sendable {
        package var name: String
        package var image: String
        /// Empty means the image's own.
        package var command: [String]
        package var environment: [String: String]
        package var labels: [String: String]
        /// The container's output, relative to its pod's folder.
        package var logPath: String
        package var limits: Limits

        package init(
            name: String, image: String, command: [String], environment: [String: String], labels: [String: String],
            logPath: String, limits: Limits
        ) {
            self.name = name
            self.image = image
            self.command = command
            self.environment = environment
            self.labels = labels
            self.logPath = logPath
            self.limits = limits
        }
    }

    /// What a container may use at most. Zero means no limit.
    package struct Limits: Equatable, Sendable {
        package var vcpuMilli: Int64
        package var memoryMiB: Int64

        package init(vcpuMilli: Int64, memoryMiB: Int64) {
            self.vcpuMilli = vcpuMilli
            self.memoryMiB = memoryMiB
        }
    }

    /// A container as a list has it.
    package struct Container: Equatable, Sendable {
        package enum State: Equatable, Sendable {
            case created, running, exited, unknown
        }
        package var id: String
        package var podID: String
        package var labels: [String: String]
        package var state: State
    }

    /// How a container ended.
    package struct Exit: Equatable, Sendable {
        package var code: Int32
        package var reason: String
        package var message: String
    }

    /// Makes a container in a pod that was made from `podConfig`, and returns its id.
    package func createContainer(
        _ config: ContainerConfig,
        inPod podID: String,
        of podConfig: PodConfig
    ) async throws(RuntimeFailure) -> String {
        let request = Runtime_V1_CreateContainerRequest.with { request in
            request.podSandboxID = podID
            request.config = config.message
            request.sandboxConfig = podConfig.message
        }
        return try await call("CreateContainer", within: Deadline.change) { options in
            try await runtime.createContainer(request, options: options).containerID
        }
    }

    package func startContainer(_ id: String) async throws(RuntimeFailure) {
        let request = Runtime_V1_StartContainerRequest.with { $0.containerID = id }
        _ = try await call("StartContainer", within: Deadline.change) { options in
            try await runtime.startContainer(request, options: options)
        }
    }

    /// Sends the stop signal, and the kill after `graceSeconds`; zero kills at once.
    ///
    /// With `patience` the call gives up waiting after that long, as `late`; the signal has been sent all the same.
    package func stopContainer(
        _ id: String,
        graceSeconds: Int64,
        patience: Duration? = nil
    ) async throws(RuntimeFailure) {
        let request = Runtime_V1_StopContainerRequest.with { request in
            request.containerID = id
            request.timeout = graceSeconds
        }
        let deadline = patience ?? Deadline.change + .seconds(graceSeconds)
        _ = try await call("StopContainer", within: deadline) { options in
            try await runtime.stopContainer(request, options: options)
        }
    }

    /// Removes the container, running or not. Removing what is gone is no error.
    package func removeContainer(_ id: String) async throws(RuntimeFailure) {
        let request = Runtime_V1_RemoveContainerRequest.with { $0.containerID = id }
        _ = try await call("RemoveContainer", within: Deadline.change) { options in
            try await runtime.removeContainer(request, options: options)
        }
    }

    /// All containers that carry every one of `labels`.
    package func containers(labelled labels: [String: String]) async throws(RuntimeFailure) -> [Container] {
        let request = Runtime_V1_ListContainersRequest.with { $0.filter.labelSelector = labels }
        let answer = try await call("ListContainers", within: Deadline.question) { options in
            try await runtime.listContainers(request, options: options)
        }
        return answer.containers.map {
            Container(id: $0.id, podID: $0.podSandboxID, labels: $0.labels, state: .init($0.state))
        }
    }

    /// How the container ended; all zero and empty for one that runs.
    package func exit(ofContainer id: String) async throws(RuntimeFailure) -> Exit {
        let request = Runtime_V1_ContainerStatusRequest.with { $0.containerID = id }
        let status = try await call("ContainerStatus", within: Deadline.question) { options in
            try await runtime.containerStatus(request, options: options).status
        }
        return Exit(code: status.exitCode, reason: status.reason, message: status.message)
    }
}

extension ContainerRuntime.Container.State {
    init(_ state: Runtime_V1_ContainerState) {
        switch state {
        case .containerCreated: self = .created
        case .containerRunning: self = .running
        case .containerExited: self = .exited
        case .containerUnknown, .UNRECOGNIZED: self = .unknown
        }
    }
}

extension ContainerRuntime.ContainerConfig {
    /// The kernel shares processor time out in periods of this length.
    private static let cpuPeriodMicroseconds: Int64 = 100_000
    /// The kernel refuses less than a millisecond of a period.
    private static let cpuQuotaLeastMicroseconds: Int64 = 1_000

    var message: Runtime_V1_ContainerConfig {
        .with { message in
            message.metadata.name = name
            message.image.image = image
            message.command = command
            message.envs = environment.sorted { $0.key < $1.key }.map { key, value in
                .with { pair in
                    pair.key = key
                    pair.value = value
                }
            }
            message.labels = labels
            message.logPath = logPath
            message.linux.securityContext.namespaceOptions.pid = .pod
            if limits.vcpuMilli > 0 {
                let quota = limits.vcpuMilli * Self.cpuPeriodMicroseconds / 1_000
                message.linux.resources.cpuPeriod = Self.cpuPeriodMicroseconds
                message.linux.resources.cpuQuota = max(quota, Self.cpuQuotaLeastMicroseconds)
                message.linux.resources.cpuShares = max(2, limits.vcpuMilli * 1_024 / 1_000)
            }
            if limits.memoryMiB > 0 {
                message.linux.resources.memoryLimitInBytes = limits.memoryMiB << 20
            }
        }
    }
}
