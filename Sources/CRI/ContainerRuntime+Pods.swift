extension ContainerRuntime {
    /// What a pod is made from. Its name is unique in the runtime: a second pod of the same name is refused.
    package struct PodConfig: Equatable, Sendable {
        package var name: String
        package var namespace: String
        package var hostname: String
        package var labels: [String: String]
        /// What the machine's runtime may read; Muster does not.
        package var annotations: [String: String]
        /// An existing folder of the machine, by absolute path, that takes the containers' output.
        package var logDirectory: String

        package init(
            name: String, namespace: String, hostname: String, labels: [String: String],
            annotations: [String: String] = [:], logDirectory: String
        ) {
            self.name = name
            self.namespace = namespace
            self.hostname = hostname
            self.labels = labels
            self.annotations = annotations
            self.logDirectory = logDirectory
        }
    }

    /// A pod as a list has it: without its address.
    package struct Pod: Equatable, Sendable {
        package var id: String
        package var labels: [String: String]
        package var annotations: [String: String]
        package var isReady: Bool
    }

    /// Makes a pod and its network, and returns its id.
    package func runPod(_ config: PodConfig) async throws(RuntimeFailure) -> String {
        let request = Runtime_V1_RunPodSandboxRequest.with { $0.config = config.message }
        return try await call("RunPodSandbox", within: Deadline.change) { options in
            try await runtime.runPodSandbox(request, options: options).podSandboxID
        }
    }

    /// Ends whatever runs in the pod, at once, and gives its network back. Stopping a stopped pod is no error.
    package func stopPod(_ id: String) async throws(RuntimeFailure) {
        let request = Runtime_V1_StopPodSandboxRequest.with { $0.podSandboxID = id }
        _ = try await call("StopPodSandbox", within: Deadline.change) { options in
            try await runtime.stopPodSandbox(request, options: options)
        }
    }

    /// Removes the pod and its containers. Removing what is gone is no error.
    package func removePod(_ id: String) async throws(RuntimeFailure) {
        let request = Runtime_V1_RemovePodSandboxRequest.with { $0.podSandboxID = id }
        _ = try await call("RemovePodSandbox", within: Deadline.change) { options in
            try await runtime.removePodSandbox(request, options: options)
        }
    }

    /// The pod's address in its network, or `nil` where it has none yet.
    package func address(ofPod id: String) async throws(RuntimeFailure) -> String? {
        let request = Runtime_V1_PodSandboxStatusRequest.with { $0.podSandboxID = id }
        let address = try await call("PodSandboxStatus", within: Deadline.question) { options in
            try await runtime.podSandboxStatus(request, options: options).status.network.ip
        }
        return address.isEmpty ? nil : address
    }

    /// All pods that carry every one of `labels`.
    package func pods(labelled labels: [String: String]) async throws(RuntimeFailure) -> [Pod] {
        let request = Runtime_V1_ListPodSandboxRequest.with { $0.filter.labelSelector = labels }
        let answer = try await call("ListPodSandbox", within: Deadline.question) { options in
            try await runtime.listPodSandbox(request, options: options)
        }
        return answer.items.map {
            Pod(
                id: $0.id, labels: $0.labels, annotations: $0.annotations, isReady: $0.state == .sandboxReady)
        }
    }
}

extension ContainerRuntime.PodConfig {
    var message: Runtime_V1_PodSandboxConfig {
        .with { message in
            message.metadata.name = name
            message.metadata.uid = name
            message.metadata.namespace = namespace
            message.hostname = hostname
            message.logDirectory = logDirectory
            message.labels = labels
            message.annotations = annotations
            // One process space for the pod: a program that is not process 1 dies of the stop signal by itself.
            message.linux.securityContext.namespaceOptions.pid = .pod
        }
    }
}
