/// When something recurs, by the clock on the wall: five fields, `minute hour day-of-month month day-of-week`.
///
/// A field is a list (`1,15`) of values, ranges (`9-17`), or either with a step (`*/15`, `8-18/2`; `5/15` begins at 5 and
/// goes on to the end). Months and weekdays may be named by three letters in English, whatever their case; Sunday is 0
/// and 7. A date matches when both day fields do, or, where neither of them is `*`, when one of them does: `0 9 1 * MON`
/// is nine o'clock on Mondays and on the first of the month. `@hourly`, `@daily` (or `@midnight`), `@weekly`, `@monthly`
/// and `@yearly` (or `@annually`) stand for what they say.
///
/// A value without a zone: ``Recurrence`` says whose wall it is, and what happens when its clock is changed.
public struct CronSchedule: Hashable, Sendable {
    /// The schedule as it was written.
    public let text: String

    let minutes: CronField
    let hours: CronField
    let days: CronField
    let months: CronField
    let weekdays: CronField

    /// - Throws: ``CronError``, which names the field and its limits.
    public init(_ text: String) throws(CronError) {
        let fields = try Self.written(text).split { $0 == " " || $0 == "\t" }
        guard fields.count == 5 else { throw .fieldCount(fields.count) }
        self.text = text
        minutes = try CronField(fields[0], of: .minute)
        hours = try CronField(fields[1], of: .hour)
        days = try CronField(fields[2], of: .day)
        months = try CronField(fields[3], of: .month)
        weekdays = try CronField(fields[4], of: .weekday)
        guard hasDates else { throw .noSuchDate }
    }

    private static let words = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]

    /// The five fields that `text` stands for.
    private static func written(_ text: String) throws(CronError) -> String {
        guard text.hasPrefix("@") else { return text }
        guard let fields = words[text] else { throw .unknownWord(text) }
        return fields
    }

    /// The 30th of February never comes, the 29th does.
    private var hasDates: Bool {
        let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return !weekdays.isEvery || (1...12).contains { months.contains($0) && days.lowest <= longest[$0 - 1] }
    }

    /// Whether it is meant to happen in every hour there is, rather than at certain times of the day.
    var isHourly: Bool { (0...23).allSatisfy(hours.contains) }
}

extension CronSchedule: CustomStringConvertible {
    public var description: String { text }
}
