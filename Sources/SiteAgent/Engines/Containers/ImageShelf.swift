import CRI

/// Which images this machine has. One that is not here is fetched once for all who want it, and one that cannot be
/// fetched is not asked for again for a while: a thousand instances of a misspelt image cost one question.
actor ImageShelf {
    private static let memory = Duration.seconds(30)

    private let runtime: ContainerRuntime
    private let timekeeper: any Timekeeper
    private var here: Set<String> = []
    private var missing: [String: (message: String, until: Duration)] = [:]
    private var fetches: [String: Task<RuntimeFailure?, Never>] = [:]

    init(runtime: ContainerRuntime, timekeeper: any Timekeeper) {
        self.runtime = runtime
        self.timekeeper = timekeeper
    }

    /// Returns when `image` is here.
    func ensure(_ image: String) async throws(RuntimeFailure) {
        if here.contains(image) { return }
        if let (message, until) = missing[image], timekeeper.elapsed < until { throw .refused(message) }
        let fetch = fetches[image] ?? Task { await self.fetch(image) }
        fetches[image] = fetch
        if let failure = await fetch.value { throw failure }
    }

    /// Somebody may have removed an image from under the agent: the next who wants one looks again.
    func distrust() {
        here = []
    }

    private func fetch(_ image: String) async -> RuntimeFailure? {
        defer { fetches[image] = nil }
        do throws(RuntimeFailure) {
            if try await !runtime.hasImage(image) { try await runtime.pullImage(image) }
        } catch .unreachable(let message) {
            return .unreachable(message)
        } catch {
            let message = "the image \(image) is not on this machine and could not be fetched: \(error)"
            missing[image] = (message, timekeeper.elapsed + Self.memory)
            return .refused(message)
        }
        here.insert(image)
        missing[image] = nil
        return nil
    }
}
