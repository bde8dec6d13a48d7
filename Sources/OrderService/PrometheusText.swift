/// The registry in Prometheus' text format 0.0.4: families sorted by name, each with its type once.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private var families: [String: (type: String, lines: [String])] = [:]

    init(_ registry: MetricRegistry) {
        for (key, series) in registry.all {
            add(key, series)
        }
    }

    var text: String {
        families.sorted { $0.key < $1.key }
            .map { name, family in
                "# TYPE \(name) \(family.type)\n" + family.lines.sorted().joined()
            }
            .joined()
    }

    private mutating func add(_ key: MetricRegistry.Key, _ series: MetricRegistry.Series) {
        let name = PrometheusText.name(key.name)
        let labels = key.labels.map { "\(PrometheusText.name($0.name))=\"\(PrometheusText.escape($0.value))\"" }
        switch series {
        case .counter(let counter):
            let name = name.hasSuffix("_total") ? name : name + "_total"
            add(name, "counter", [line(name, labels, counter.value)])
        case .gauge(let gauge):
            add(name, "gauge", [line(name, labels, gauge.value)])
        case .summary(let summary):
            let (count, sum) = summary.value
            add(name, "summary", [line(name + "_sum", labels, sum), line(name + "_count", labels, Double(count))])
        case .histogram(let histogram):
            let name = name.hasSuffix("_seconds") ? name : name + "_seconds"
            add(name, "histogram", [lines(of: histogram.value, name: name, labels: labels)])
        }
    }

    /// A family has one type; a name used for two kinds keeps the first.
    private mutating func add(_ name: String, _ type: String, _ lines: [String]) {
        let family = families[name] ?? (type, [])
        guard family.type == type else { return }
        families[name] = (type, family.lines + lines)
    }

    /// One series' buckets stay one block, in the order of their bounds.
    private func lines(of value: HistogramSeries.Value, name: String, labels: [String]) -> String {
        var text = ""
        var count = 0
        for (bucket, bound) in zip(value.buckets, HistogramSeries.boundsInSeconds.map(number) + ["+Inf"]) {
            count += bucket
            text += line(name + "_bucket", labels + ["le=\"\(bound)\""], Double(count))
        }
        return text + line(name + "_sum", labels, value.sumInSeconds) + line(name + "_count", labels, Double(count))
    }

    private func line(_ name: String, _ labels: [String], _ value: Double) -> String {
        labels.isEmpty ? "\(name) \(number(value))\n" : "\(name){\(labels.joined(separator: ","))} \(number(value))\n"
    }

    /// Whole numbers without a fraction.
    private func number(_ value: Double) -> String {
        Int64(exactly: value).map(String.init) ?? String(value)
    }

    private static func name(_ text: String) -> String {
        let mapped = text.utf8.map { byte -> Character in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                Character(Unicode.Scalar(byte))
            default: "_"
            }
        }
        let name = String(mapped)
        return name.first?.isNumber == true ? "_" + name : name
    }

    private static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
