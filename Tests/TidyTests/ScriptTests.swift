import Testing

@Suite("Scripts")
struct ScriptTests {
    @Test("every script can be executed and opens with a comment saying what it does")
    func opening() throws {
        let verbs = try Repository.verbs()
        #expect(verbs.count > 5, "the scripts were not found")
        let violations = Self.violations(in: verbs)
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("a script without the bit, without a comment or without strict mode is found")
    func ruleBites() {
        let good = "#!/usr/bin/env bash\n# Does it.\nset -euo pipefail\n"
        let files = [
            TextFile(path: "Scripts/good", text: good, isExecutable: true),
            TextFile(path: "Scripts/still", text: good, isExecutable: false),
            TextFile(path: "Scripts/mute", text: "#!/usr/bin/env bash\nset -euo pipefail\n", isExecutable: true),
            TextFile(path: "Scripts/lax", text: "#!/usr/bin/env bash\n# Does it.\n", isExecutable: true),
        ]
        #expect(
            Self.violations(in: files) == [
                "Scripts/still is not executable",
                "Scripts/mute does not open with a comment saying what it does",
                "Scripts/lax does not stop at the first error: set -euo pipefail",
            ]
        )
    }

    static func violations(in files: [TextFile]) -> [String] {
        files.flatMap { file in
            var violations: [String] = []
            let lines = file.lines
            if !file.isExecutable { violations.append("\(file.path) is not executable") }
            if lines.first != "#!/usr/bin/env bash" || lines.count < 2 || !lines[1].hasPrefix("# ")
                || !lines[1].hasSuffix(".")
            {
                violations.append("\(file.path) does not open with a comment saying what it does")
            }
            if !lines.contains("set -euo pipefail") {
                violations.append("\(file.path) does not stop at the first error: set -euo pipefail")
            }
            return violations
        }
    }
}
