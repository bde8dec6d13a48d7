import ArgumentParser
import CapacityAPI
import JobQueue
import Testing

@testable import muster

@Suite("what is said about the queue")
struct QueueTextTests {
    @Test("what became of jobs is told by groups, and the exit status by the worst")
    func fates() {
        var fates = JobFates(.retried)
        #expect(fates.text == "no job retried\n" && fates.failure == nil)
        fates.changed = [42]
        #expect(fates.text == "job 42 retried\n" && fates.failure == nil)
        fates.changed = Array(1...14)
        fates.keyTaken = [20]
        fates.others = [31: .running, 30: .running, 32: .done]
        #expect(
            fates.text == """
                14 jobs retried: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more
                still dead, an unfinished job has the same unique key: 20
                left alone, running: 30, 31
                left alone, done: 32

                """
        )
        #expect(fates.failure == Failure(.refused, "not every job could be retried"))
        fates.unknown = [99]
        #expect(fates.text.hasSuffix("unknown or forgotten: 99\n"))
        #expect(fates.failure?.status == .notFound)
    }

    @Test("lengths of time are no more exact than a person cares for")
    func spoken() {
        let spoken = [0.04, 0.27, 12, 61.4, 7_200].map(QueueText.spoken)
        #expect(spoken == ["0 s", "0.3 s", "12 s", "1 min 1 s", "2 h"])
    }

    @Test("a reason is shown by its first line, cut where the table would get too wide")
    func firstLine() {
        #expect(QueueText.firstLine("no route\nto host") == "no route")
        #expect(QueueText.firstLine(String(repeating: "a", count: 61)).displayWidth == 60)
        #expect(QueueText.firstLine("") == "")
    }

    @Test(
        "every command can be parsed as its help says",
        arguments: [
            ["stats"], ["stats", "-o", "json", "--database", "dbname=muster"],
            ["list", "--state", "dead", "--queue", "default", "--kind", "k", "--tenant", "t", "--limit", "200"],
            ["list", "--before", "1200"], ["show", "42"], ["retry", "42", "43"],
            ["retry", "--kind", "send-mail", "--since", "2026-06-17T20:00:00+08:00"],
            ["retry", "--all", "--limit", "10000"], ["cancel", "42"], ["pause", "default", "--reason", "disk is full"],
            ["resume", "default"], ["drain", "default", "--timeout", "PT2M"], ["throttle", "list"],
            ["throttle", "set", "kind", "send-mail", "--running", "10"],
            ["throttle", "set", "queue", "default", "--rate", "100", "--per", "PT1M", "--burst", "20"],
            ["throttle", "remove", "kind", "send-mail"],
        ]
    )
    func parses(arguments: [String]) throws {
        _ = try Muster.parseAsRoot(["queue"] + arguments)
    }

    @Test(
        "what makes no sense is refused before anything is asked",
        arguments: [
            ["list", "--state", "odd"], ["list", "--limit", "1001"], ["show", "ord-1"], ["retry"],
            ["retry", "42", "--all"], ["retry", "42", "--queue", "default"], ["retry", "--since", "yesterday"],
            ["retry", "--all", "--limit", "0"], ["retry", "1", "2", "--limit", "1"], ["cancel"], ["pause"],
            ["throttle", "set", "queue", "default"], ["throttle", "set", "host", "a", "--running", "1"],
            ["throttle", "set", "kind", "k", "--running", "1", "--burst", "2"],
            ["throttle", "set", "kind", "k", "--rate", "1", "--per", "1m"],
        ]
    )
    func refuses(arguments: [String]) {
        #expect(throws: (any Error).self) { try Muster.parseAsRoot(["queue"] + arguments) }
    }

    @Test("the help of each command fits a terminal of 80 columns and shows an example")
    func help() {
        for command in [QueueCommand.self] + QueueCommand.configuration.subcommands {
            let help = Muster.helpMessage(for: command, columns: 80)
            #expect(help.contains("  $ muster queue "), "\(command)")
            // How a command is used stands on one line, whatever the width.
            let lines = help.split(separator: "\n").filter { !$0.hasPrefix("USAGE") }
            #expect(lines.allSatisfy { String($0).displayWidth <= 80 }, "\(command)")
        }
    }
}
