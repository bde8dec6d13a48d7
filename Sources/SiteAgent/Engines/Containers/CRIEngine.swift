package import CRI
package import CapacityAPI
import CapacityModel
import Synchronization

/// Instances as containers, one in a pod each, through the runtime of this machine.
package final class CRIEngine: Engine {
    package let name = "cri"
    package let concurrency: Int

    let runtime: ContainerRuntime
    let logs: LogFolders
    let images: ImageShelf
    /// Pods by instance, as far as this life of the agent has made or seen them. Only a shortcut: labels decide.
    private let known = Mutex<[String: Made]>([:])

    struct Made: Equatable {
        var pod: String
        var container: String
        var address: String?
    }

    /// - Parameter logFolder: an existing folder, by absolute path, for the containers' output.
    package init(runtime: ContainerRuntime, logFolder: String, concurrency: Int, timekeeper: any Timekeeper) {
        self.runtime = runtime
        self.logs = LogFolders(folder: logFolder)
        self.concurrency = concurrency
        self.images = ImageShelf(runtime: runtime, timekeeper: timekeeper)
    }

    // MARK: Starting

    package func start(
        _ assignment: AgentWire.Assignment,
        at site: String
    ) async throws(EngineFailure) -> String? {
        try await images.ensure(assignment.image)
        do throws(RuntimeFailure) {
            let folder = try logs.make(for: assignment.instance)
            let podConfig = podConfig(for: assignment, at: site, logFolder: folder)
            let pod = try await runtime.runPod(podConfig)
            let containerConfig = containerConfig(for: assignment, at: site, labels: podConfig.labels)
            let container = try await runtime.createContainer(containerConfig, inPod: pod, of: podConfig)
            try await runtime.startContainer(container)
            let address = try await runtime.address(ofPod: pod)
            known.withLock { $0[assignment.instance] = Made(pod: pod, container: container, address: address) }
            return address
        } catch {
            throw EngineFailure(error)
        }
    }

    private func podConfig(
        for assignment: AgentWire.Assignment, at site: String, logFolder: String
    ) -> ContainerRuntime.PodConfig {
        ContainerRuntime.PodConfig(
            name: assignment.instance,
            namespace: "muster",
            hostname: String(assignment.instance.prefix(63)),
            labels: ContainerLabels.labels(for: assignment, at: site),
            annotations: assignment.gpus?.annotations ?? [:],
            logDirectory: logFolder
        )
    }

    private func containerConfig(
        for assignment: AgentWire.Assignment, at site: String, labels: [String: String]
    ) -> ContainerRuntime.ContainerConfig {
        let environment = Self.environment(for: assignment, at: site)
        return ContainerRuntime.ContainerConfig(
            name: "main", image: assignment.image, command: assignment.command, environment: environment,
            labels: labels, logPath: LogFolders.fileName,
            limits: .init(vcpuMilli: assignment.vcpuMilli, memoryMiB: assignment.memoryMiB)
        )
    }

    /// What the order says, and what an instance is to know of itself, which an order cannot say otherwise.
    static func environment(for assignment: AgentWire.Assignment, at site: String) -> [String: String] {
        var own = assignment.gpus?.environment ?? [:]
        own["MUSTER_INSTANCE"] = assignment.instance
        own["MUSTER_SITE"] = site
        own["MUSTER_WINDOW_END"] = assignment.endAt.description
        return assignment.environment.merging(own) { _, own in own }
    }

    // MARK: What is known

    func made(_ instance: String) -> Made? {
        known.withLock { $0[instance] }
    }

    func remember(_ made: Made, as instance: String) {
        known.withLock { $0[instance] = made }
    }

    func forget(_ instance: String) {
        known.withLock { _ = $0.removeValue(forKey: instance) }
    }
}

extension EngineFailure {
    init(_ failure: RuntimeFailure) {
        switch failure {
        case .unreachable(let text): self = .unreachable(text)
        case .late(let text), .missing(let text), .refused(let text): self = .refused(text)
        }
    }
}
