import ArgumentParser
import CapacityAPI
import Testing

@testable import muster

@Suite("exit status")
struct ExitReasonTests {
    @Test("every kind of problem has its status", arguments: Problem.Kind.allCases)
    func kinds(kind: Problem.Kind) {
        let statuses: [ExitReason: [Problem.Kind]] = [
            .refused: [
                .insufficientCapacity, .spreadUnsatisfiable, .quoteStale, .quotaExceeded, .preconditionFailed,
                .conflict,
            ],
            .invalid: [
                .invalidOrder, .windowInPast, .idempotencyKeyReused, .bodyTooLarge, .methodNotAllowed,
                .unsupportedMediaType,
            ],
            .notFound: [.notFound],
            .denied: [.unauthenticated, .forbidden],
            .unavailable: [.tooManyRequests, .unavailable, .internal],
        ]
        #expect(statuses[ExitReason(kind)]?.contains(kind) == true)
    }

    @Test("a problem document becomes a failure that keeps it")
    func problem() {
        let body = #"{"type":"not-found","title":"Not found","status":404,"detail":"no order ord-9"}"#
        let failure = Service.failure(status: 404, body: Array(body.utf8))
        #expect(failure.status == .notFound)
        #expect(failure.text == "error: Not found\n  no order ord-9")
    }

    @Test(
        "an answer that is no problem document is told by its HTTP status",
        arguments: [(502, .unavailable), (403, .denied), (404, .notFound), (409, .refused), (418, .invalid)]
            as [(Int, ExitReason)]
    )
    func proxies(status: Int, exit: ExitReason) {
        let failure = Service.failure(status: status, body: Array("<html>\u{1B}[2J".utf8))
        #expect(failure.status == exit)
        #expect(failure.text == "error: HTTP status \(status): <html>\u{FFFD}[2J")
        #expect(failure.problem == nil)
    }

    @Test("every status is documented in the help", arguments: ExitReason.allCases)
    func documented(status: ExitReason) {
        #expect(Muster.configuration.discussion.contains("\(status.rawValue)  \(status.meaning)"))
    }

    @Test("the help fits a terminal of 80 columns without breaking its examples")
    func width() {
        let lines = Muster.helpMessage(columns: 80).split(separator: "\n", omittingEmptySubsequences: false)
        let examples = lines.filter { $0.hasPrefix("  ") }
        #expect(examples.contains { $0.contains("$ muster quote -f order.yaml") })
        #expect(lines.allSatisfy { String($0).displayWidth <= 80 })
        #expect(!lines.contains { $0.hasPrefix("held") || $0.hasPrefix("only") })
    }

    @Test(
        "every command can be parsed as its help says",
        arguments: [
            ["quote", "-f", "order.yaml", "--count", "5"],
            ["order", "create", "-f", "-", "--quote", "q", "--idempotency-key", "k", "--wait", "-o", "json"],
            ["order", "get", "ord-1"], ["order", "list", "--limit", "3"],
            ["order", "watch", "ord-1", "--until", "settled", "--timeout", "PT5M"],
            ["order", "cancel", "ord-1", "--revision", "3"], ["order", "extend", "ord-1", "--duration", "PT6H"],
            ["order", "shorten", "ord-1", "--end", "2026-06-17T22:00:00+08:00"], ["order", "scale", "ord-1", "1500"],
            ["instances", "ord-1", "--state", "ready"], ["sites"], ["hosts", "--site", "a"],
            ["fleet", "import", "fleet.csv"], ["fleet", "synth", "--sites", "3", "--hosts", "9", "-o", "f.csv"],
            ["report", "billing", "--order", "ord-1"], ["report", "capacity"],
            ["key", "create", "--role", "tenant", "--tenant", "t"], ["key", "create", "--role", "agent"],
        ]
    )
    func parses(arguments: [String]) throws {
        _ = try Muster.parseAsRoot(arguments)
    }

    @Test(
        "what makes no sense is refused before anything is asked",
        arguments: [
            ["order", "extend", "ord-1"], ["order", "list", "--limit", "0"], ["report", "nonsense"],
            ["key", "create", "--role", "tenant"], ["key", "create", "--role", "agent", "--tenant", "t"],
            ["fleet", "synth", "--sites", "5", "--hosts", "4", "-o", "f"],
            ["fleet", "synth", "--sites", "0", "-o", "f"], ["instances", "ord-1", "--state", "odd"],
            ["order", "watch", "ord-1", "--until", "never"],
        ]
    )
    func refuses(arguments: [String]) {
        #expect(throws: (any Error).self) { try Muster.parseAsRoot(arguments) }
    }
}
