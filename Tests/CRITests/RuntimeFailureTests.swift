import Testing

@testable import CRI

@Suite("What the runtime's answers mean")
struct RuntimeFailureTests {
    @Test(
        "only an answer about the image itself says that there is none",
        arguments: [
            (
                .missing(
                    "PullImage: failed to pull and unpack image \"r.example/a:1\": failed to resolve reference "
                        + "\"r.example/a:1\": r.example/a:1: not found"), true
            ),
            (
                .refused(
                    "PullImage: failed to pull and unpack image \"docker.io/a/b:1\": failed to resolve reference "
                        + "\"docker.io/a/b:1\": pull access denied, repository does not exist or may require "
                        + "authorization: server message: insufficient_scope: authorization failed"), true
            ),
            (
                .refused(
                    "PullImage: failed to resolve reference \"r.example/a:1\": failed to do request: Head "
                        + "\"https://r.example/v2/a/manifests/1\": dial tcp: lookup r.example: no such host"), false
            ),
            (.missing("PullImage: failed to unpack image: no match for platform in manifest: not found"), false),
            (.missing("PullImage: content digest sha256:0123: not found"), false),
            (.late("PullImage: failed to resolve reference"), false),
            (.unreachable("PullImage: failed to resolve reference"), false),
        ] as [(RuntimeFailure, Bool)]
    )
    func noSuchImage(failure: RuntimeFailure, isCertain: Bool) {
        #expect(failure.saysNoSuchImage == isCertain)
    }
}
