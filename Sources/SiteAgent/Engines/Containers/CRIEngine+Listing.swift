import CRI
import CapacityModel

extension CRIEngine {
    package func list() async throws(EngineFailure) -> [Existing] {
        do throws(RuntimeFailure) {
            // The two lists are not of one moment. Whoever asks ignores what was under way meanwhile.
            let containers = try await runtime.containers(labelled: ContainerLabels.managed)
            let pods = try await runtime.pods(labelled: ContainerLabels.managed)
            let byPod = Dictionary(grouping: containers, by: \.podID)
            var found: [Existing] = []
            for pod in pods {
                let state = try await state(of: pod, container: byPod[pod.id]?.first)
                if let existing = ContainerLabels.existing(pod.labels, state: state) { found.append(existing) }
            }
            return found
        } catch {
            throw EngineFailure(error)
        }
    }

    private func state(
        of pod: ContainerRuntime.Pod,
        container: ContainerRuntime.Container?
    ) async throws(RuntimeFailure) -> Existing.State {
        guard let container else { return .broken("the pod has no container") }
        switch container.state {
        case .created:
            return .broken("the container was made and never started")
        case .exited:
            return .broken(try await ending(of: container))
        case .running, .unknown:
            // A runtime that is not sure says nothing against the container.
            guard pod.isReady else { return .broken("the pod's network is gone") }
            do throws(RuntimeFailure) {
                return .running(address: try await address(of: pod, container: container))
            } catch .missing {
                return .broken("the pod was removed")
            }
        }
    }

    private func address(
        of pod: ContainerRuntime.Pod,
        container: ContainerRuntime.Container
    ) async throws(RuntimeFailure) -> String? {
        guard let instance = pod.labels[ContainerLabels.instance] else { return nil }
        if let made = made(instance), made.pod == pod.id { return made.address }
        let address = try await runtime.address(ofPod: pod.id)
        remember(Made(pod: pod.id, container: container.id, address: address), as: instance)
        return address
    }

    /// How the container ended and what it said last, for a person to read.
    private func ending(of container: ContainerRuntime.Container) async throws(RuntimeFailure) -> String {
        let exit: ContainerRuntime.Exit
        do throws(RuntimeFailure) {
            exit = try await runtime.exit(ofContainer: container.id)
        } catch .missing {
            return "the container ended and was removed"
        }
        let tail = container.labels[ContainerLabels.instance].map(logs.tail) ?? ""
        let parts = ["the container ended with code \(exit.code)", exit.reason, exit.message, tail]
        return parts.filter { !$0.isEmpty }.joined(separator: "; ")
    }
}
