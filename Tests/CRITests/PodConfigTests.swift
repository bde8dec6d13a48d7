import Testing

@testable import CRI

@Suite("What a pod is made by")
struct PodConfigTests {
    @Test("labels and annotations reach the runtime, each as what they are")
    func message() {
        let config = ContainerRuntime.PodConfig(
            name: "i-1", namespace: "muster", hostname: "i-1", labels: ["a": "1"], annotations: ["b": "2"],
            logDirectory: "/logs")
        #expect(config.message.labels == ["a": "1"])
        #expect(config.message.annotations == ["b": "2"])
    }
}
