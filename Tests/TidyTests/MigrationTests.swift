import Testing

@Suite("Migrations")
struct MigrationTests {
    @Test("migrations are numbered from 0001 without gaps or twins, and each opens by saying why")
    func numbering() throws {
        let files = try Repository.files(in: "Migrations") { $0.hasSuffix(".sql") }
        #expect(!files.isEmpty)
        let violations = Self.violations(in: files)
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("a gap, a twin, a bad name and a missing sentence are found")
    func ruleBites() {
        let files = ["0001_a.sql", "0002_b.sql", "0002_c.sql", "0004_d.sql", "5_e.sql"].map {
            TextFile(path: "Migrations/" + $0, text: "-- Why.\nSELECT 1;\n")
        }
        #expect(
            Self.violations(in: files) == [
                "Migrations/0002_c.sql should have number 0003",
                "Migrations/5_e.sql is not named NNNN_subject.sql",
            ]
        )
        let mute = TextFile(path: "Migrations/0001_a.sql", text: "CREATE TABLE a ();\n")
        #expect(Self.violations(in: [mute]) == ["Migrations/0001_a.sql does not open with a sentence"])
    }

    /// Says what is wrong with the names and first lines of `files`, which come in order.
    static func violations(in files: [TextFile]) -> [String] {
        var violations: [String] = []
        for (index, file) in files.enumerated() {
            let name = file.path.split(separator: "/").last ?? ""
            let digits = name.prefix { $0 != "_" }
            guard digits.count == 4, let number = Int(digits) else {
                violations.append("\(file.path) is not named NNNN_subject.sql")
                continue
            }
            let expected = String(repeating: "0", count: max(0, 4 - String(index + 1).count)) + String(index + 1)
            if number != index + 1 { violations.append("\(file.path) should have number \(expected)") }
            if file.lines.first?.hasPrefix("-- ") != true {
                violations.append("\(file.path) does not open with a sentence")
            }
        }
        return violations
    }
}
