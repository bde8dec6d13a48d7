import CapacityAPI
import CapacityModel

extension OrderProgress {
    /// What a pipe gets: one line, the same as long as nothing has changed.
    func line(at now: Instant) -> String {
        "\(order.id) \(state.rawValue): \(summary(at: now))"
    }

    /// The provinces that miss most, to stand behind a line; empty where nothing is missing, and where the counts have come
    /// further since the instances were read: what a line says must add up.
    var laggingNote: String {
        let lagging = lagging
        let missing = isOver ? live : counts.reserved - counts.instances.ready
        guard lagging.reduce(0, { $0 + $1.missing }) <= missing else { return "" }
        let named = lagging.prefix(3).map { "\($0.name) \($0.missing)" }
        return named.isEmpty ? "" : "; \(isOver ? "still there" : "still missing"): " + named.joined(separator: ", ")
    }

    private func summary(at now: Instant) -> String {
        let instances = counts.instances
        if isOver {
            let releasing = instances.releasing > 0 ? "\(instances.releasing) releasing, " : ""
            return "\(releasing)\(instances.released) released of \(counts.reserved) "
                + "(\(percent(instances.released, of: counts.reserved)))"
        }
        var parts = ["\(counts.reserved) placed"]
        if counts.waiting > 0 { parts.append("\(counts.waiting) waiting") }
        if counts.refused > 0 { parts.append("\(counts.refused) refused") }
        if counts.failed > 0 { parts.append("\(counts.failed) failed so far") }
        if instances.starting > 0 { parts.append("\(instances.starting) starting") }
        parts.append(
            "\(instances.ready) ready of \(counts.requested) (\(percent(instances.ready, of: counts.requested)))")
        return parts.joined(separator: ", ") + (schedule(at: now).map { "; \($0)" } ?? "")
    }

    /// When the next thing happens that time brings, in steps coarse enough that a line a step is not too many.
    private func schedule(at now: Instant) -> String? {
        let (start, end) = (order.window.start, order.window.end)
        if now < start { return "the window opens in \(Self.coarse(start - now))" }
        guard goal != .ready, now < end else { return nil }
        return "the window ends in \(Self.coarse(end - now))"
    }

    /// Rounded up to ten seconds below two minutes, to minutes below two hours, to hours above.
    static func coarse(_ duration: Duration) -> String {
        let seconds = max(0, (duration.microseconds + 999_999) / 1_000_000)
        let step: Int64 = seconds <= 120 ? 10 : seconds <= 7_200 ? 60 : 3_600
        let rounded = (seconds + step - 1) / step * step
        return Duration.seconds(rounded).spoken
    }

    /// The most provinces a screen names.
    private static let provinceLimit = 8

    /// What a terminal shows: at most `height` lines, whatever the order's size.
    func screen(at now: Instant, width: Int, height: Int) -> [String] {
        let name = order.name.map { " \($0.printable)" } ?? ""
        var lines = ["\(order.id)\(name): \(state.rawValue), \(clockwork(at: now))"]
        let bar = max(10, min(40, width - 42))
        let instances = counts.instances
        if isOver {
            lines.append(row("releasing", live, of: counts.reserved, bar: 0))
            lines.append(row("released", instances.released, of: counts.reserved, bar: bar))
        } else {
            lines.append(row("placed", counts.reserved, of: counts.requested, bar: bar))
            lines.append(row("starting", instances.starting, of: counts.requested, bar: 0))
            lines.append(row("ready", instances.ready, of: counts.requested, bar: bar))
        }
        if counts.waiting + counts.refused + counts.failed > 0 {
            let troubles = [(counts.waiting, "waiting"), (counts.refused, "refused"), (counts.failed, "failed so far")]
            lines.append("  " + troubles.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", "))
        }
        let lagging = lagging
        guard !lagging.isEmpty, goal != .settled || isOver || state != .active else {
            return Array(lines.prefix(height))
        }
        let room = min(Self.provinceLimit, height - lines.count - 2)
        guard room > 0 else { return Array(lines.prefix(height)) }
        for province in lagging.prefix(room) {
            lines.append(row(province.name, province.done, of: province.total, bar: bar / 2))
        }
        let rest = lagging.dropFirst(room)
        if !rest.isEmpty {
            lines.append("  and \(rest.reduce(0) { $0 + $1.missing }) in \(rest.count) more provinces")
        }
        return lines
    }

    private func row(_ title: String, _ value: Int, of total: Int, bar: Int) -> String {
        let digits = String(max(counts.requested, counts.reserved)).count
        let amount = "\("\(value)".paddedLeft(toWidth: digits)) of \("\(total)".paddedLeft(toWidth: digits))"
        let head = "  \(title.paddedRight(toWidth: 14)) \(amount)"
        return bar > 0 ? "\(head)  \(Self.bar(value, of: total, width: bar)) \(percent(value, of: total))" : head
    }

    /// Full only when all is done, empty only when nothing is.
    static func bar(_ value: Int, of total: Int, width: Int) -> String {
        let share = total > 0 ? min(value, total) * width / total : width
        let full = value > 0 ? max(1, share) : share
        return String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
    }

    private func clockwork(at now: Instant) -> String {
        let (start, end) = (order.window.start, order.window.end)
        if now < start { return "the window opens in \(Self.whole(start - now))" }
        if now < end { return "the window ends in \(Self.whole(end - now))" }
        return "the window ended \(Self.whole(now - end)) ago"
    }
}

extension OrderProgress {
    private static func whole(_ duration: Duration) -> String {
        Duration.seconds(duration.wholeSeconds).spoken
    }
}

/// Says when a pipe gets its next line: when something has changed, and at most once a second.
struct LinePace {
    private var last: (text: String, at: Instant)?

    mutating func admits(_ text: String, at now: Instant) -> Bool {
        if let last, last.text == text || now - last.at < .seconds(1) { return false }
        last = (text, now)
        return true
    }

    /// Whether `text` has not been said: the last line is written however soon it comes.
    mutating func admitsLast(_ text: String, at now: Instant) -> Bool {
        defer { last = (text, now) }
        return last?.text != text
    }
}
