extension ContainerRuntime {
    /// Which runtime answers.
    package struct Version: Equatable, Sendable {
        package var name: String
        package var version: String
    }

    /// One thing the runtime says of itself, such as `NetworkReady`.
    package struct Condition: Equatable, Sendable {
        package var name: String
        package var holds: Bool
        package var message: String
    }

    package func version() async throws(RuntimeFailure) -> Version {
        let answer = try await call("Version", within: Deadline.question) { options in
            try await runtime.version(.init(), options: options)
        }
        return Version(name: answer.runtimeName, version: answer.runtimeVersion)
    }

    package func conditions() async throws(RuntimeFailure) -> [Condition] {
        let answer = try await call("Status", within: Deadline.question) { options in
            try await runtime.status(.init(), options: options)
        }
        return answer.status.conditions.map { Condition(name: $0.type, holds: $0.status, message: $0.message) }
    }
}

extension ContainerRuntime {
    /// Whether `image` can be used without fetching it.
    package func hasImage(_ image: String) async throws(RuntimeFailure) -> Bool {
        let request = Runtime_V1_ImageStatusRequest.with { $0.image.image = image }
        let answer = try await call("ImageStatus", within: Deadline.question) { options in
            try await images.imageStatus(request, options: options)
        }
        return answer.hasImage
    }

    /// Fetches `image` from the registry its name tells.
    package func pullImage(_ image: String) async throws(RuntimeFailure) {
        let request = Runtime_V1_PullImageRequest.with { $0.image.image = image }
        _ = try await call("PullImage", within: Deadline.pull) { options in
            try await images.pullImage(request, options: options)
        }
    }
}
