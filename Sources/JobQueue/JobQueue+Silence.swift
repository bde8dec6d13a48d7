import Postgres

extension JobQueue {
    /// A claim whose worker is frozen between two statements holds up the others no longer than this.
    static let longestSilence = Duration.seconds(5)

    /// Lets the server end the caller's transaction when nothing is heard of it for so long: of a frozen process, say, whose
    /// locks would otherwise stay for ever.
    static func endAfterSilence(of duration: Duration, in session: isolated Session) throws {
        try session.execute("SELECT \(statement: silenceLimit(duration))")
    }

    /// The expression that asks for it.
    static func silenceLimit(_ duration: Duration) -> Statement {
        "set_config('idle_in_transaction_session_timeout', \(max(1, duration.wholeMicroseconds / 1_000))::text, true)"
    }
}
