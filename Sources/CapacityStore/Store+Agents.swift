package import CapacityModel
package import Postgres

/// What an agent is told about one instance.
package struct AssignmentRecord: Hashable, Sendable {
    package var sequence: Int64
    package var instance: InstanceID
    package var order: OrderID
    package var host: String
    package var epoch: Int64
    package var stop: Bool
    package var startAt: CapacityModel.Instant
    package var endAt: CapacityModel.Instant
    package var grace: Duration
    package var spec: Spec
    /// The GPUs of the host that the instance is on, by index.
    package var devices: [Int]
}

/// What an agent saw of one instance.
package struct ObservationRecord: Hashable, Sendable {
    package var instance: InstanceID
    package var epoch: Int64
    /// One of `start`, `ready`, `stopped`, `fail`.
    package var event: Instance.Event
    package var at: CapacityModel.Instant
    package var address: String?
    package var message: String?
    /// What was found wrong for certain, for `fail`.
    package var code: Instance.FailureCode?

    package init(
        instance: InstanceID, epoch: Int64, event: Instance.Event, at: CapacityModel.Instant, address: String?,
        message: String?, code: Instance.FailureCode? = nil
    ) {
        self.instance = instance
        self.epoch = epoch
        self.event = event
        self.at = at
        self.address = address
        self.message = message
        self.code = code
    }
}

/// One numbered report of one site.
package struct SiteReport: Hashable, Sendable {
    package var site: String
    package var sequence: Int64
    package var observations: [ObservationRecord]

    package init(site: String, sequence: Int64, observations: [ObservationRecord]) {
        self.site = site
        self.sequence = sequence
        self.observations = observations
    }
}

extension Store {
    /// Notes which agent serves these sites (all, where none are named) and says how far each one's reports have come.
    package func join(
        agent: String, sites: [String], engine: String
    ) async throws(StoreError) -> [(name: String, reportSequence: Int64)] {
        try await transaction { session in
            try session.rows(
                """
                WITH locked AS MATERIALIZED (
                    SELECT a.site_id, s.name
                      FROM muster.site_agent a
                      JOIN muster.site s USING (site_id)
                     WHERE cardinality(\(sites)) = 0 OR s.name = ANY (\(sites))
                     ORDER BY a.site_id FOR NO KEY UPDATE OF a
                )
                UPDATE muster.site_agent a
                   SET agent = \(agent), engine = \(engine), seen_at = muster.now()
                  FROM locked
                 WHERE a.site_id = locked.site_id
                RETURNING locked.name, a.report_sequence
                """
            ).map { (name: try $0.text("name"), reportSequence: try $0.int64("report_sequence")) }
                .sorted { $0.name < $1.name }
        }
    }

    /// Up to `limit` assignments of a site after its cursor value `after`, and the time; `nil` where there is no such site.
    package func assignments(
        site: String, after: Int64, limit: Int
    ) async throws(StoreError) -> (rows: [AssignmentRecord], now: CapacityModel.Instant)? {
        try await read { session in
            let head = try session.rows(
                "SELECT site_id, muster.now() AS now FROM muster.site WHERE name = \(site)"
            )
            guard let site = head.first else { return nil }
            // What was given up with its site is over to the centre; its agent may not know, and stops it.
            let rows = try session.rows(
                """
                WITH told AS (
                    (SELECT i.*
                       FROM muster.instance i
                      WHERE i.site_id = \(try site.int64("site_id"))
                        AND i.assignment_sequence > \(after)
                        AND i.assignment_sequence IS NOT NULL
                        AND i.state NOT IN ('released', 'failed')
                      ORDER BY i.assignment_sequence
                      LIMIT \(limit))
                    UNION ALL
                    (SELECT i.*
                       FROM muster.lost_instance l
                       JOIN muster.instance i ON i.instance_id = l.instance_id
                      WHERE l.site_id = \(try site.int64("site_id"))
                        AND l.stopped_at IS NULL
                        AND i.assignment_sequence > \(after)
                      ORDER BY i.assignment_sequence
                      LIMIT \(limit))
                )
                SELECT i.assignment_sequence, i.instance_id, i.order_id, h.name AS host, i.epoch, i.desire,
                       o.window_start - make_interval(secs => o.lead_seconds) AS start_at, o.window_end, o.grace_seconds,
                       o.kind, o.image, o.command, o.environment, o.vcpu_milli, o.memory_mib, o.disk_gib,
                       o.bandwidth_mbps, o.gpu_model, o.gpu_count, o.gpu_share_milli, r.gpu_devices
                  FROM told i
                  JOIN muster."order" o USING (order_id)
                  JOIN muster.host h USING (host_id)
                  JOIN muster.reservation r USING (reservation_id)
                 ORDER BY i.assignment_sequence
                 LIMIT \(limit)
                """
            ).map { try AssignmentRecord($0) }
            return (rows, try site.instant("now"))
        }
    }

    /// Which of the instances an agent found should not be running at its site.
    package func unknownInstances(
        site: String, _ found: [InstanceID]
    ) async throws(StoreError) -> [InstanceID] {
        try await read { session in
            try session.rows(
                """
                SELECT found.instance_id
                  FROM unnest(\(found.map(\.rawValue))) AS found (instance_id)
                 WHERE NOT EXISTS (
                       SELECT FROM muster.instance i
                         JOIN muster.site s USING (site_id)
                        WHERE i.instance_id = found.instance_id
                          AND s.name = \(site)
                          AND i.state NOT IN ('released', 'failed'))
                 ORDER BY found.instance_id
                """
            ).map { InstanceID(rawValue: try $0.int64("instance_id")) }
        }
    }

    /// Notes the sequences of `reports`, at most one a site, and returns the names of the sites whose report is the next.
    ///
    /// One that was seen before, or that leaves a gap, is not taken: the answer names the last one taken, and the agent
    /// goes on after it.
    package static func accept(_ reports: [SiteReport], in session: isolated Session) throws -> Set<String> {
        let rows = try session.rows(
            """
            WITH locked AS MATERIALIZED (
                SELECT a.site_id, s.name, a.report_sequence, sent.sequence
                  FROM unnest(\(reports.map(\.site)), \(reports.map(\.sequence))) AS sent (site, sequence)
                  JOIN muster.site s ON s.name = sent.site
                  JOIN muster.site_agent a USING (site_id)
                 ORDER BY a.site_id FOR NO KEY UPDATE OF a
            )
            UPDATE muster.site_agent a
               SET seen_at = muster.now(),
                   report_sequence = locked.report_sequence
                                   + CASE WHEN locked.sequence - 1 = locked.report_sequence THEN 1 ELSE 0 END
              FROM locked
             WHERE a.site_id = locked.site_id
            RETURNING locked.name, locked.sequence - 1 = locked.report_sequence AS is_new
            """
        )
        return Set(try rows.filter { try $0.decode("is_new", as: Bool.self) }.map { try $0.text("name") })
    }

    /// How far the reports of these sites have come; unknown sites are left out.
    package static func reportSequences(of sites: [String], in session: isolated Session) throws -> [String: Int64] {
        let rows = try session.rows(
            """
            SELECT s.name, a.report_sequence
              FROM muster.site s JOIN muster.site_agent a USING (site_id)
             WHERE s.name = ANY (\(sites))
            """
        )
        return Dictionary(
            uniqueKeysWithValues: try rows.map { (try $0.text("name"), try $0.int64("report_sequence")) })
    }
}

extension AssignmentRecord {
    init(_ row: Row) throws {
        sequence = try row.int64("assignment_sequence")
        instance = InstanceID(rawValue: try row.int64("instance_id"))
        order = OrderID(rawValue: try row.int64("order_id"))
        host = try row.text("host")
        epoch = try row.int64("epoch")
        stop = try row.text("desire") == "stop"
        startAt = try row.instant("start_at")
        endAt = try row.instant("window_end")
        grace = .seconds(try row.int64("grace_seconds"))
        spec = Spec(
            kind: try row.choice("kind"), resources: try row.unit(), image: try row.text("image"),
            command: try row.decode("command", as: [String].self), environment: try row.json("environment")
        )
        devices = try row.devices()
    }
}
