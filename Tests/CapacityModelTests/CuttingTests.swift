import CapacityModel
import Testing

@Suite("Texts cut to size")
struct CuttingTests {
    @Test(
        "a cut text never takes more bytes than it may, and nothing is in it that was not there",
        arguments: ["plain", "naïve", "\u{4E2D}\u{6587}\u{955C}\u{50CF}", "👩‍💻 works", "", "e\u{301}"]
    )
    func cut(text: String) {
        for limit in 0...(text.utf8.count + 1) {
            let cut = text.cut(toBytes: limit)
            #expect(cut.utf8.count <= limit)
            #expect(cut.utf8.count > limit - 4 || cut == text)
            #expect(text.unicodeScalars.starts(with: cut.unicodeScalars))
        }
    }
}
