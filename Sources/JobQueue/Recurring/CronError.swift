/// What is wrong with the text of a ``CronSchedule``.
public enum CronError: Error, Equatable, Sendable {
    /// The fields in the order they are written.
    public enum Field: String, Sendable, CaseIterable {
        case minute
        case hour
        case day = "day of the month"
        case month
        case weekday = "day of the week"
    }

    /// There are five fields.
    case fieldCount(Int)
    /// `@` begins a word that has no meaning here.
    case unknownWord(String)
    /// Neither a number nor, for months and weekdays, a name.
    case unreadable(Field, String)
    case outside(Field, Int)
    case backwards(Field, String)
    case badStep(Field, String)
    /// Its days are in none of its months.
    case noSuchDate
}

extension CronError.Field {
    /// The numbers a field may hold.
    public var limits: ClosedRange<Int> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .day: 1...31
        case .month: 1...12
        case .weekday: 0...7
        }
    }

    /// The names its numbers have, from the lowest on.
    var names: [String] {
        switch self {
        case .minute, .hour, .day: []
        case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .weekday: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        }
    }

    fileprivate var span: String { "\(limits.lowerBound) to \(limits.upperBound)" }
}

extension CronError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .fieldCount(let count):
            "a schedule has five fields, minute hour day month weekday, and not \(count)"
        case .unknownWord(let word):
            "\(word) is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually"
        case .unreadable(let field, let text) where field.names.isEmpty:
            "\(field.rawValue): \"\(text)\" is no number from \(field.span)"
        case .unreadable(let field, let text):
            "\(field.rawValue): \"\(text)\" is neither a number from \(field.span) nor one of \(field.names.joined(separator: ", "))"
        case .outside(let field, let value):
            "\(field.rawValue): \(value) is not within \(field.span)"
        case .backwards(let field, let range):
            "\(field.rawValue): \(range) runs backwards; write it as two ranges, with a comma"
        case .badStep(let field, let step):
            "\(field.rawValue): the step \"\(step)\" is no number from 1 to \(field.limits.upperBound)"
        case .noSuchDate:
            "day of the month: none of these days is in one of these months"
        }
    }
}
