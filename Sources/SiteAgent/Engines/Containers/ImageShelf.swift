import CRI

/// Which images this machine has. One that is not here is fetched once for all who want it, and one that cannot be
/// fetched is not asked for again for a while: a thousand instances of a misspelt image cost one question.
actor ImageShelf {
    private static let memory = Duration.seconds(30)
    /// Images of this name are brought to the machines by their operators. No registry has it, so none is asked, and an
    /// image that is not here does not exist: the network has no say in it.
    private static let localRegistry = "muster.local/"

    private let runtime: ContainerRuntime
    private let timekeeper: any Timekeeper
    private var here: Set<String> = []
    private var missing: [String: (failure: EngineFailure, until: Duration)] = [:]
    private var fetches: [String: Task<EngineFailure?, Never>] = [:]

    init(runtime: ContainerRuntime, timekeeper: any Timekeeper) {
        self.runtime = runtime
        self.timekeeper = timekeeper
    }

    /// Returns when `image` is here.
    func ensure(_ image: String) async throws(EngineFailure) {
        if here.contains(image) { return }
        if let (failure, until) = missing[image], timekeeper.elapsed < until { throw failure }
        let fetch = fetches[image] ?? Task { await self.fetch(image) }
        fetches[image] = fetch
        if let failure = await fetch.value { throw failure }
    }

    /// Somebody may have removed an image from under the agent: the next who wants one looks again.
    func distrust() {
        here = []
    }

    private func fetch(_ image: String) async -> EngineFailure? {
        defer { fetches[image] = nil }
        let failure = await failureToFetch(image)
        switch failure {
        case nil:
            here.insert(image)
            missing[image] = nil
        case .unreachable: break
        case .refused(_)?, .imageNotFound(_)?:
            missing[image] = failure.map { ($0, timekeeper.elapsed + Self.memory) }
        }
        return failure
    }

    private func failureToFetch(_ image: String) async -> EngineFailure? {
        do throws(RuntimeFailure) {
            if try await runtime.hasImage(image) { return nil }
            guard !image.hasPrefix(Self.localRegistry) else {
                return .imageNotFound("the image \(image) is not on this machine, and is in no registry")
            }
            try await runtime.pullImage(image)
            return nil
        } catch .unreachable(let message) {
            return .unreachable(message)
        } catch {
            let message = "the image \(image) is not on this machine and could not be fetched: \(error)"
            return error.saysNoSuchImage ? .imageNotFound(message) : .refused(message)
        }
    }
}
