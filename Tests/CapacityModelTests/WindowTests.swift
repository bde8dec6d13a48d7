import CapacityModel
import Testing

@Suite("Windows")
struct WindowTests {
    private func window(_ start: Int64, _ end: Int64) -> Window {
        Window(start: Instant(secondsSinceEpoch: start), end: Instant(secondsSinceEpoch: end))
    }

    @Test("the end belongs to whoever comes next")
    func halfOpen() {
        #expect(window(0, 10).contains(Instant(secondsSinceEpoch: 0)))
        #expect(!window(0, 10).contains(Instant(secondsSinceEpoch: 10)))
        #expect(!window(0, 10).overlaps(window(10, 20)))
        #expect(window(0, 11).overlaps(window(10, 20)))
        #expect(window(0, 30).overlaps(window(10, 20)))
    }

    @Test("lead and grace are taken at both ends")
    func extended() {
        #expect(window(100, 200).extended(lead: .seconds(10), grace: .seconds(30)) == window(90, 230))
        #expect(window(100, 200).duration == .seconds(100))
    }
}
