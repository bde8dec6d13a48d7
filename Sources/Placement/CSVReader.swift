/// A reader that takes a CSV file line by line and collects all that is wrong with it.
///
/// Values need no quotes and have none: what would is refused as no name.
protocol CSVReader {
    /// What one line below the header is of.
    static var rowName: String { get }

    /// The line that is being read, from 1, the header's.
    var line: Int { get set }
    var flaws: [FleetFileError.Flaw] { get set }
    /// How many flaws there are, also beyond those that are kept.
    var flawCount: Int { get set }

    /// False where the header is not such that lines under it could be read.
    mutating func readHeader(_ fields: [Substring]) -> Bool
    mutating func readRow(_ fields: [Substring])
}

extension CSVReader {
    /// Reads all lines, ended by LF or CRLF, after a byte order mark or none.
    mutating func read(_ text: String) {
        var rest = text.utf8[...]
        if rest.starts(with: [0xef, 0xbb, 0xbf]) { rest = rest.dropFirst(3) }
        guard rest.contains(where: { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }) else {
            line = 1
            return refuse(nil, "the file is empty; a header and a line per \(Self.rowName) were expected")
        }
        while !rest.isEmpty {
            line += 1
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var content = rest[..<end]
            if content.last == UInt8(ascii: "\r") { content = content.dropLast() }
            rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...]
            let fields = content.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .map { Substring($0) }
            if line == 1 {
                guard readHeader(fields) else { return }
            } else {
                readRow(fields)
            }
        }
        if line == 1 { refuse(nil, "there is a header and no \(Self.rowName)") }
    }

    /// Whether the header has the `expected` columns, and no others unless there `mayBeMore` behind them.
    mutating func readHeader(_ fields: [Substring], expected: [String], mayBeMore: Bool = false) -> Bool {
        if let index = zip(fields, expected).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset {
            refuse(expected[index], "the header has \(quoted(fields[index])) where \(quoted(expected[index])) belongs")
            return false
        }
        if fields.count == expected.count || mayBeMore && fields.count > expected.count { return true }
        refuse(nil, "the header has \(fields.count) columns where \(expected.count) belong")
        return false
    }

    /// The number, or the least allowed one after refusing it.
    mutating func readNumber(_ field: Substring, column: String, in range: ClosedRange<Int64>) -> Int64 {
        if !field.isEmpty, field.utf8.allSatisfy(isDigit), let value = Int64(field), range.contains(value) {
            return value
        }
        refuse(column, "\(quoted(field)) is no whole number from \(range.lowerBound) to \(range.upperBound)")
        return range.lowerBound
    }

    mutating func readName(_ field: Substring, column: String) -> String? {
        if isName(field) { return String(field) }
        refuse(column, "\(quoted(field)) is no name: 1 to 100 letters, digits and . _ - make one")
        return nil
    }

    mutating func refuse(_ column: String?, _ detail: String) {
        flawCount += 1
        guard flaws.count < FleetFileError.limit else { return }
        flaws.append(FleetFileError.Flaw(line: line, column: column, detail: detail))
    }
}

func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

/// Letters, digits, `.`, `_`, `-` and one more: what needs no quotes in CSV, a URL or a shell.
func isName(_ text: Substring, andAlso extra: Unicode.Scalar? = nil) -> Bool {
    (1...100).contains(text.utf8.count)
        && text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
            default: scalar == extra
            }
        }
}

/// The text in quotes, cut where it is long: a wrong file's field may be a megabyte.
func quoted(_ text: some StringProtocol) -> String {
    text.count <= 40 ? "'\(text)'" : "'\(text.prefix(40))…'"
}

func listed(_ words: [String]) -> String { words.joined(separator: ", ") }
