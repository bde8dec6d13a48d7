/// Rows lined up under their titles: text to the left, numbers to the right.
struct Table {
    struct Column {
        enum Alignment { case left, right }
        var title: String
        var alignment: Alignment

        static func text(_ title: String) -> Column { Column(title: title, alignment: .left) }
        static func number(_ title: String) -> Column { Column(title: title, alignment: .right) }
    }

    var columns: [Column]
    var rows: [[String]]

    init(_ columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    mutating func add(_ cells: String...) {
        rows.append(cells)
    }

    /// The lines, each ended by a line break; titles alone where there is no row.
    var text: String {
        let lines = ([columns.map(\.title)] + rows).map { cells in cells.map(\.printable) }
        var widths = columns.map { _ in 0 }
        for cells in lines {
            for (index, cell) in cells.enumerated().prefix(columns.count) {
                widths[index] = max(widths[index], cell.displayWidth)
            }
        }
        return lines.map { line($0, widths) + "\n" }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(zip(cells, widths), columns).map { pair, column in
            switch column.alignment {
            case .left: pair.0.paddedRight(toWidth: pair.1)
            case .right: pair.0.paddedLeft(toWidth: pair.1)
            }
        }
        let line = padded.joined(separator: "  ")
        return String(line.reversed().drop { $0 == " " }.reversed())
    }
}

/// Names and values under each other, as one thing is shown.
struct Facts {
    private(set) var rows: [(name: String, value: String)] = []

    mutating func add(_ name: String, _ value: String?) {
        if let value { rows.append((name, value)) }
    }

    var text: String {
        let width = rows.map(\.name.displayWidth).max() ?? 0
        return rows.map { "\($0.name.paddedRight(toWidth: width))  \($0.value.printable)\n" }.joined()
    }
}
