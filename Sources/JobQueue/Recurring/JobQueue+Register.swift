public import Postgres

extension JobQueue {
    /// Stores recurrences, each under its name, in the caller's transaction. Call it at every start of the program.
    ///
    /// One that is there already becomes what it is here. As long as its schedule and zone stay, so does what is due:
    /// ticks that came while no program ran are not lost by starting one. A changed schedule counts from now.
    ///
    /// - Throws: ``RecurrenceError/unknownZone(_:recurrence:)``; then nothing is registered.
    public static func register(_ recurrences: [Recurrence], in session: isolated Session) throws {
        try refuseUnknownZones(of: recurrences, in: session)
        // In one order, so that programs that start together do not wait for each other in a circle.
        for recurrence in recurrences.sorted(by: { $0.name < $1.name }) { try register(recurrence, in: session) }
    }

    /// Removes recurrences by their names, with the memory of their ticks, and returns how many there were. Jobs that
    /// are enqueued already stay.
    @discardableResult
    public static func unregister(_ names: [String], in session: isolated Session) throws -> Int {
        try session.execute("DELETE FROM queue.recurring WHERE name = ANY(\(names)::text[])")
    }

    private static func refuseUnknownZones(of recurrences: [Recurrence], in session: isolated Session) throws {
        let unknown = try session.rows(
            """
            SELECT zone
              FROM unnest(\(recurrences.map(\.zone))::text[]) AS wanted (zone)
             WHERE zone <> 'UTC'
               AND zone NOT IN (SELECT name FROM pg_timezone_names)
            """
        ).map { try $0.decode("zone", as: String.self) }
        if let recurrence = recurrences.first(where: { unknown.contains($0.zone) }) {
            throw RecurrenceError.unknownZone(recurrence.zone, recurrence: recurrence.name)
        }
    }

    private static func register(_ recurrence: Recurrence, in session: isolated Session) throws {
        let stored = try StoredJob(recurrence.job).json
        let next = try firstTick(of: recurrence, in: session)
        try session.execute(
            """
            INSERT INTO queue.recurring (name, schedule, zone, missed_limit, job, payload, next_at)
            VALUES (\(recurrence.name), \(recurrence.schedule.text), \(recurrence.zone), \(recurrence.missed.limit),
                    \(stored), \(JSON(text: recurrence.job.payload)), \(next))
            ON CONFLICT (name) DO UPDATE
               SET schedule     = excluded.schedule,
                   zone         = excluded.zone,
                   missed_limit = excluded.missed_limit,
                   job          = excluded.job,
                   payload      = excluded.payload,
                   next_at      = CASE WHEN (recurring.schedule, recurring.zone) = (excluded.schedule, excluded.zone)
                                       THEN recurring.next_at ELSE excluded.next_at END
            """
        )
    }

    private static func firstTick(of recurrence: Recurrence, in session: isolated Session) throws -> Instant {
        let now = try session.rows("SELECT queue.now() AS now")[0].decode("now", as: Instant.self)
        let rhythm = Rhythm(name: recurrence.name, schedule: recurrence.schedule, zone: recurrence.zone)
        return try rhythm.next(after: now, in: session)
    }
}
