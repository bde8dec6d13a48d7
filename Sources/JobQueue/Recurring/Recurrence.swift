/// A job that recurs: what, and when by whose clock.
///
/// ```swift
/// let closing = try Recurrence(
///     name: "books.close", schedule: CronSchedule("0 18 * * MON-FRI"), zone: "Asia/Shanghai", job: Job(Close.self, .all)
/// )
/// try await pool.transaction { session in try JobQueue.register([closing], in: session) }
/// ```
///
/// Each instant of the schedule is a *tick*; at most one job is enqueued for it, however many programs run a
/// ``Recurring``. Give the job a unique key, and a tick that finds the job of an earlier one unfinished adds nothing, so
/// that runs never overlap. The tick is the job's `runAt`, whatever it had.
///
/// ## When clocks are changed
///
/// - A time of day that a clock leaves out happens at the first instant after the gap.
/// - A time of day that a clock shows twice happens once, the first time.
/// - With every hour in the hour field (`*`, or written out) there are no times of day to keep: the job follows the hours
///   that pass, so it neither doubles up after a gap nor pauses while an hour is repeated.
public struct Recurrence: Sendable {
    /// What becomes of ticks that came due while nobody led.
    public enum Missed: Sendable, Equatable {
        /// The last of them is made up for.
        case skip
        /// The newest so many are, 1 to 1,000.
        case catchUp(limit: Int)

        var limit: Int {
            switch self {
            case .skip: 1
            case .catchUp(let limit): limit
            }
        }
    }

    let name: String
    let schedule: CronSchedule
    let zone: String
    let missed: Missed
    let job: Job

    /// - Parameters:
    ///   - name: What it is registered under, for ever; 1 to 200 characters.
    ///   - zone: A name of the IANA data base, as PostgreSQL knows it (`pg_timezone_names`). Not an abbreviation, for
    ///     those have no summer.
    public init(
        name: String, schedule: CronSchedule, zone: String = "UTC", missed: Missed = .skip, job: Job
    ) {
        precondition(job.predecessors.isEmpty, "a recurring job waits for no others")
        self.name = name
        self.schedule = schedule
        self.zone = zone
        self.missed = missed
        self.job = job
    }
}

/// Why recurrences were not registered.
public enum RecurrenceError: Error, Equatable, Sendable {
    /// PostgreSQL has no zone of this name.
    case unknownZone(String, recurrence: String)
    /// The zone's clocks do not show these times in any year that can be looked at.
    case neverComes(recurrence: String)
}

extension RecurrenceError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownZone(let zone, let name):
            "the recurrence \(name) has the zone \"\(zone)\", which pg_timezone_names does not list"
        case .neverComes(let name):
            "the recurrence \(name) never comes due: its zone's clocks leave its times out"
        }
    }
}
