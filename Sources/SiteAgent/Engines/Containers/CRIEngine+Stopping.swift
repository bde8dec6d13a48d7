import CRI
import CapacityModel

extension CRIEngine {
    /// How long a container that was told to stop is waited for at once. One that needs longer gets its whole grace,
    /// but not one of the places at the engine for all that time.
    private static let patience = Duration.seconds(1)

    package func stop(_ instance: String, grace: Duration) async throws(EngineFailure) -> Halt {
        do throws(RuntimeFailure) {
            if let made = made(instance) {
                guard try await halt(container: made.container, grace: grace) == .gone else { return .lingering }
                try await clear(pod: made.pod)
            } else {
                let labels = [ContainerLabels.instance: instance]
                for container in try await runtime.containers(labelled: labels) where container.state == .running {
                    guard try await halt(container: container.id, grace: grace) == .gone else { return .lingering }
                }
                for pod in try await runtime.pods(labelled: labels) { try await clear(pod: pod.id) }
            }
        } catch {
            // What was remembered may be what is wrong: the next attempt goes by labels.
            forget(instance)
            await images.distrust()
            throw EngineFailure(error)
        }
        forget(instance)
        logs.remove(for: instance)
        return .gone
    }

    private func halt(container: String, grace: Duration) async throws(RuntimeFailure) -> Halt {
        // The runtime counts whole seconds, and zero means kill.
        let seconds = grace > .zero ? max(1, grace.wholeSeconds) : 0
        do throws(RuntimeFailure) {
            try await runtime.stopContainer(
                container, graceSeconds: seconds, patience: seconds > 0 ? Self.patience : nil
            )
            return .gone
        } catch .missing {
            return .gone
        } catch .late where seconds > 0 {
            return .lingering
        }
    }

    /// Stops and removes a pod, and with it its containers.
    private func clear(pod: String) async throws(RuntimeFailure) {
        do throws(RuntimeFailure) {
            try await runtime.stopPod(pod)
            try await runtime.removePod(pod)
        } catch .missing {
            // Gone already, which is what was asked for.
        }
    }
}
