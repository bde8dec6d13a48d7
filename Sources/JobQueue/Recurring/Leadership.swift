public import Postgres

/// A proof of who led, to be checked where it matters.
public struct Leadership: Sendable, Hashable {
    /// What is led.
    public let name: String
    /// Which leadership it is. The next one has a larger number, always, so others can refuse what comes late.
    public let epoch: Int64

    package init(name: String, epoch: Int64) {
        self.name = name
        self.epoch = epoch
    }

    /// Makes the caller's transaction that of a leader: until it ends nobody else becomes one. The leader itself may prolong
    /// its lease meanwhile: the epoch is part of a key, and only who changes it is made to wait.
    ///
    /// - Throws: ``JobError/stale`` where this leadership is over.
    public func verify(in session: isolated Session) throws {
        let held = try session.rows(
            """
            SELECT 1 FROM queue.leader
             WHERE name = \(name) AND epoch = \(epoch) AND holder IS NOT NULL
               FOR KEY SHARE
            """
        )
        if held.isEmpty { throw JobError.stale }
    }
}

/// What is said to the row of a leader. A statement that waited for the row gives the lease less, never more.
struct LeaderStatements: Sendable {
    let name: String
    let holder: String
    let leaseDuration: Duration

    /// The epoch of a new leadership, unless somebody else leads.
    func campaign(in session: isolated Session) throws -> Int64? {
        try session.rows(
            """
            INSERT INTO queue.leader (name, epoch, holder, until_at)
            VALUES (\(name), 1, \(holder), \(statement: end))
            ON CONFLICT (name) DO UPDATE
               SET epoch = leader.epoch + 1, holder = excluded.holder, until_at = excluded.until_at
             WHERE leader.holder IS NULL OR leader.until_at < statement_timestamp()
            RETURNING epoch
            """
        ).first?.decode("epoch")
    }

    /// Whether the leadership is still the last there was, and is prolonged.
    func renew(_ leadership: Leadership, in session: isolated Session) throws -> Bool {
        try session.execute(
            """
            UPDATE queue.leader SET until_at = \(statement: end)
             WHERE name = \(name) AND epoch = \(leadership.epoch) AND holder IS NOT NULL
            """
        ) == 1
    }

    func resign(_ leadership: Leadership, in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE queue.leader SET holder = NULL, until_at = NULL
             WHERE name = \(name) AND epoch = \(leadership.epoch)
            """
        )
    }

    private var end: Statement {
        "statement_timestamp() + \(leaseDuration.wholeMicroseconds)::bigint * interval '1 microsecond'"
    }
}
