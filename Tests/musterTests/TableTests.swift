import Testing

@testable import muster

@Suite("tables")
struct TableTests {
    @Test("text stands to the left, numbers to the right, and nothing trails")
    func alignment() {
        var table = Table([.text("site"), .number("hosts"), .text("agent")])
        table.add("1101-mobile-1", "7", "a")
        table.add("x", "120", "")
        #expect(
            table.text == """
                site           hosts  agent
                1101-mobile-1      7  a
                x                120

                """
        )
    }

    @Test("wide characters count as two columns")
    func wide() {
        var table = Table([.text("name"), .number("count")])
        table.add("压测", "1")
        table.add("load", "22")
        #expect(table.text == "name  count\n压测      1\nload     22\n")
    }

    @Test("a table without rows is its titles")
    func empty() {
        #expect(Table([.text("host"), .number("at")]).text == "host  at\n")
    }

    @Test("a name cannot drive the terminal")
    func controls() {
        var table = Table([.text("name")])
        table.add("a\u{1B}[2Jb")
        #expect(table.text == "name\na\u{FFFD}[2Jb\n")
    }

    @Test(
        "width is counted in columns of a terminal",
        arguments: [
            ("abc", 3), ("压测", 4), ("e\u{301}", 1), ("한국", 4), ("ｆｕ", 4), ("🚀", 2), ("█░", 2), ("", 0), ("…", 1),
        ]
    )
    func width(text: String, columns: Int) {
        #expect(text.displayWidth == columns)
    }

    @Test("clipping never exceeds the width and says that it clipped")
    func clipping() {
        #expect("abcdef".clipped(toWidth: 6) == "abcdef")
        #expect("abcdef".clipped(toWidth: 4) == "abc…")
        #expect("压测压测".clipped(toWidth: 4) == "压…")
        #expect("abc".clipped(toWidth: 0) == "")
        for width in 0...12 {
            #expect("a压b测c压d".clipped(toWidth: width).displayWidth <= width)
        }
    }

    @Test("facts line up under each other")
    func facts() {
        var facts = Facts()
        facts.add("order", "ord-1")
        facts.add("name", nil)
        facts.add("state", "active")
        #expect(facts.text == "order  ord-1\nstate  active\n")
    }
}
