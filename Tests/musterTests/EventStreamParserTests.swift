import Testing

@testable import muster

@Suite("event streams")
struct EventStreamParserTests {
    private static let stream = """
        \u{FEFF}: hello

        id: 1
        event: counts
        data: {"a":1}

        event: state
        data: one
        data:two
        id:2

        : still here

        retry: 100
        nonsense
        data

        id: 3

        """

    private static let events = [
        ServerSentEvent(id: "1", name: "counts", data: "{\"a\":1}"),
        ServerSentEvent(id: "2", name: "state", data: "one\ntwo"),
        ServerSentEvent(id: nil, name: "message", data: ""),
    ]

    @Test("a stream is the same events however it is cut", arguments: [1, 2, 3, 7, 1_000])
    func pieces(size: Int) throws {
        var parser = EventStreamParser()
        var events: [ServerSentEvent] = []
        var rest = Array(Self.stream.utf8)[...]
        while !rest.isEmpty {
            events += try parser.parse(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        #expect(events == Self.events)
    }

    @Test("all three ends of line are read", arguments: ["\n", "\r", "\r\n"])
    func ends(end: String) throws {
        var parser = EventStreamParser()
        let text = Self.stream.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: end)
        let events = try Array(text.utf8).flatMap { byte throws(EventStreamParser.TooLong) in try parser.parse([byte]) }
        #expect(events == Self.events)
    }

    @Test("an event that was not ended is none")
    func unfinished() throws {
        var parser = EventStreamParser()
        let events = try parser.parse("id: 1\ndata: half".utf8)
        #expect(events.isEmpty)
    }

    @Test("a stream without ends of line is given up")
    func endless() throws {
        var parser = EventStreamParser()
        let piece = [UInt8](repeating: 97, count: 1 << 19)
        _ = try parser.parse(piece)
        #expect(throws: EventStreamParser.TooLong.self) { _ = try parser.parse(piece + [97]) }
    }
}
