public import Postgres

extension JobQueue {
    /// Limits a queue or a kind from the commit of the caller's transaction on, in place of what limited it before.
    ///
    /// Nothing that runs is stopped. A new bucket begins full; one whose rate changes keeps the tokens it has.
    ///
    /// - Throws: ``InvalidValue`` naming the field and what it may hold.
    public static func setThrottle(_ throttle: Throttle, in session: isolated Session) throws {
        try throttle.check()
        let rate = throttle.rate
        try session.execute(
            """
            INSERT INTO queue.throttle AS old (scope, name, running_limit, rate_count, rate_period, burst_count,
                                               token_count)
            VALUES (\(throttle.scope.rawValue), \(throttle.name), \(throttle.runningLimit), \(rate?.count),
                    \(rate?.period.wholeMicroseconds)::bigint * interval '1 microsecond', \(rate?.burst),
                    coalesce(\(rate?.burst), 0))
            ON CONFLICT (scope, name) DO UPDATE
               SET running_limit = excluded.running_limit,
                   rate_count    = excluded.rate_count,
                   rate_period   = excluded.rate_period,
                   burst_count   = excluded.burst_count,
                   token_count   = least(excluded.token_count,
                                         (SELECT now.token_count
                                            FROM queue.throttle_now AS now
                                           WHERE now.scope = old.scope AND now.name = old.name)),
                   refilled_at   = queue.now()
            """
        )
    }

    /// Takes the limit away and returns whether there was one. Ring the ``Bell`` after the commit.
    @discardableResult
    public static func removeThrottle(
        _ scope: Throttle.Scope, _ name: String, in session: isolated Session
    ) throws -> Bool {
        try session.execute("DELETE FROM queue.throttle WHERE scope = \(scope.rawValue) AND name = \(name)") > 0
    }

    /// Every limit there is and how much of it is used, by scope and name.
    public static func throttles(in session: isolated Session) throws -> [ThrottleUse] {
        try session.rows(
            """
            SELECT scope, name, running_limit, running_count, rate_count,
                   (extract(epoch FROM rate_period) * 1000000)::bigint AS rate_microseconds,
                   burst_count, token_count, has_room
              FROM queue.throttle_now
             ORDER BY scope DESC, name
            """
        ).map { row in
            var rate: Throttle.Rate?
            if let count = try row.decode("rate_count", as: Int?.self) {
                let period = Duration.microseconds(try row.decode("rate_microseconds", as: Int64.self))
                rate = Throttle.Rate(count, per: period, burst: try row.decode("burst_count"))
            }
            let throttle = Throttle(
                try row.decode("scope"), try row.decode("name"), runningLimit: try row.decode("running_limit"),
                rate: rate
            )
            return ThrottleUse(
                throttle: throttle, runningCount: try row.decode("running_count"),
                tokenCount: try row.decode("token_count"), hasRoom: try row.decode("has_room")
            )
        }
    }
}

extension Throttle.Scope: PostgresDecodable {}
