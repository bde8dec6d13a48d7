/// A block of lines on a terminal that is drawn again in its place.
///
/// Each frame is one write that overwrites the last one line by line and erases only what is left over, so nothing
/// flickers.
struct Terminal {
    private let output: Output
    private var drawn = 0

    init(output: Output) {
        self.output = output
    }

    var size: (width: Int, height: Int) { output.size }

    mutating func draw(_ lines: [String]) {
        let (width, height) = size
        let shown = lines.prefix(max(1, height - 1)).map { $0.clipped(toWidth: width - 1) }
        output.write(Self.frame(shown, over: drawn))
        drawn = shown.count
    }

    /// What redraws a block of `drawn` lines, below which the cursor stands, as `lines`.
    static func frame(_ lines: [String], over drawn: Int) -> String {
        let up = drawn > 0 ? "\u{1B}[\(drawn)A\r" : ""
        return up + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J"
    }
}
