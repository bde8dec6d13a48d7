import Testing

@Suite("Source files")
struct SourceTests {
    /// A file longer than this holds more than one idea. Most stay near a hundred lines.
    static let longest = 400

    @Test("no file is longer than four hundred lines")
    func length() throws {
        let files = try Repository.writtenFiles()
        #expect(files.count > 50, "the project's files were not found")
        let violations = Self.tooLong(files)
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("the queue's example is a program of thirty lines")
    func example() throws {
        let lines = try Repository.swiftFiles(in: "Sources/queue-example").flatMap(\.lines)
        #expect((1...30).contains(lines.count { !$0.allSatisfy(\.isWhitespace) }))
    }

    @Test("no promise of later work is without the name of who made it")
    func promises() throws {
        let files = try Repository.writtenFiles()
        let violations = Self.promises(in: files)
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("a file of 401 lines and an anonymous promise are found; 400 lines and a signed one pass")
    func rulesBite() {
        let lines = { (count: Int) in String(repeating: "let a = 1\n", count: count) }
        #expect(Self.tooLong([TextFile(path: "A.swift", text: lines(400))]).isEmpty)
        #expect(Self.tooLong([TextFile(path: "A.swift", text: lines(401))]) == ["A.swift has 401 lines"])

        let promise = Self.words[0]
        let text = "// \(promise): make it fast\n// \(promise)(ada): make it fast\nlet \(promise)S = 1\n"
        #expect(
            Self.promises(in: [TextFile(path: "A.swift", text: text)]) == ["A.swift:1 has a \(promise) without a name"])
    }

    /// Written in halves, or this file would break its own rule.
    static let words = ["TO" + "DO", "FIX" + "ME"]

    static func tooLong(_ files: [TextFile]) -> [String] {
        files.filter { $0.lines.count > longest }.map { "\($0.path) has \($0.lines.count) lines" }
    }

    static func promises(in files: [TextFile]) -> [String] {
        files.flatMap { file in
            file.lines.enumerated().flatMap { index, line in
                line.split { !$0.isLetter && $0 != "(" }
                    .compactMap { word in words.first { $0 == word } }
                    .map { "\(file.path):\(index + 1) has a \($0) without a name" }
            }
        }
    }
}
