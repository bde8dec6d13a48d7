import Logging
public import Postgres

/// Whoever keeps the most dead rows of this database from being removed.
///
/// Until it ends, claims step over the rows of every job that finished meanwhile.
public struct SnapshotHolder: Sendable, Equatable {
    /// `session`, `prepared transaction` or `replication slot`.
    public let heldBy: String
    /// The server process, where there is one.
    public let pid: Int?
    /// Of a prepared transaction or a slot.
    public let name: String?
    public let applicationName: String?
    public let userName: String?
    /// `nil` for a UNIX socket.
    public let clientAddress: String?
    public let state: String?
    /// How many transactions have begun since.
    public let xidCount: Int
    /// How long it has lasted; `nil` where PostgreSQL does not say, as for slots.
    public let heldSeconds: Double?
    /// Since the statement began that it runs or ran last.
    public let querySeconds: Double?
}

extension JobQueue {
    /// The one with the oldest snapshot, or `nil` where nobody holds any.
    ///
    /// A young snapshot reaches as far back as the oldest open transaction, so among equals the longest-lived is meant.
    public static func oldestSnapshot(in session: isolated Session) throws -> SnapshotHolder? {
        try session.rows(
            """
            SELECT held_by, pid, name, application_name, user_name, client_address, state, xid_count, held_seconds,
                   query_seconds
              FROM queue.snapshot_now
             ORDER BY xid_count DESC, held_seconds DESC NULLS LAST
             LIMIT 1
            """
        ).first.map { try SnapshotHolder($0) }
    }
}

extension SnapshotHolder {
    /// What counts as old where no time is known.
    static let xidLimit = 1_000_000

    func isOlder(than limit: Duration) -> Bool {
        guard let heldSeconds else { return xidCount > Self.xidLimit }
        return .seconds(heldSeconds) > limit
    }

    /// Who it is, in words that its next processes share, as those of a slot do and those of a prepared transaction do not. All of
    /// them, because some metrics systems want the same of each gauge.
    var dimensions: [String: String] {
        let slot = heldBy == "replication slot" ? name : nil
        return [
            "held_by": heldBy, "slot": slot ?? "", "application_name": applicationName ?? "", "user": userName ?? "",
        ]
    }

    /// What a person needs to find it and judge whether to end it.
    var metadata: Logger.Metadata {
        let facts: [(String, String?)] = [
            ("held_by", heldBy), ("pid", pid.map(String.init)), ("name", name), ("application_name", applicationName),
            ("user", userName), ("client_address", clientAddress), ("state", state), ("xids", "\(xidCount)"),
            ("held_seconds", heldSeconds.map { "\(Int($0))" }), ("query_seconds", querySeconds.map { "\(Int($0))" }),
        ]
        return facts.reduce(into: [:]) { metadata, fact in metadata[fact.0] = fact.1.map { "\($0)" } }
    }

    fileprivate init(_ row: Row) throws {
        heldBy = try row.decode("held_by")
        pid = try row.decode("pid")
        name = try row.decode("name")
        applicationName = try row.decode("application_name")
        userName = try row.decode("user_name")
        clientAddress = try row.decode("client_address")
        state = try row.decode("state")
        xidCount = try row.decode("xid_count")
        heldSeconds = try row.decode("held_seconds")
        querySeconds = try row.decode("query_seconds")
    }
}
