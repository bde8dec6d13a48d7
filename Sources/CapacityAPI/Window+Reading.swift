import CapacityModel

extension OrderRequest.Timing {
    static func read(_ reader: FieldReader, lead: Duration) -> OrderRequest.Timing? {
        defer { reader.finish() }
        let window = OpenWindow.read(reader)
        guard let duration = window.duration else {
            if !reader.has("duration"), !reader.has("end") { reader.report("duration", .missing, "required") }
            return nil
        }
        return OrderRequest.Timing(start: window.start, duration: duration, lead: lead)
    }
}

/// A window whose end may be left open.
struct OpenWindow {
    /// `nil` means now.
    var start: Instant?
    /// `nil` where no end is given, and where what is given was reported as an error.
    var duration: Duration?

    /// Reads the three fields of a window; the caller finishes `reader`.
    static func read(_ reader: FieldReader) -> OpenWindow {
        let start = reader.instant("start")
        if let start, start != start.wholeSecond {
            reader.report("start", .badFormat, "windows are second-granular; found \(start)")
        }
        let length = reader.duration("duration", seconds: OrderLimits.windowSeconds)
        let end = reader.instant("end")
        switch (length, end) {
        case (let length?, nil):
            return OpenWindow(start: start, duration: length)
        case (nil, let end?):
            return OpenWindow(start: start, duration: duration(from: start, to: end, reader))
        case (_?, _?):
            reader.report("end", .contradiction, "give 'duration' or 'end', not both")
            return OpenWindow(start: start)
        case (nil, nil):
            return OpenWindow(start: start)
        }
    }

    private static func duration(from start: Instant?, to end: Instant, _ reader: FieldReader) -> Duration? {
        guard let start else {
            reader.report("end", .contradiction, "an end needs a start; from now, say how long with 'duration'")
            return nil
        }
        guard end > start else {
            reader.report("end", .contradiction, "a window ends after it starts; \(start) to \(end) is reversed")
            return nil
        }
        guard end == end.wholeSecond else {
            reader.report("end", .badFormat, "windows are second-granular; found \(end)")
            return nil
        }
        guard OrderLimits.windowSeconds.contains((end - start).wholeSeconds) else {
            reader.report("end", .outOfRange, "at most 400 days after the start")
            return nil
        }
        return end - start
    }
}
