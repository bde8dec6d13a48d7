import Postgres

/// Numbers that say in which order the ledger served its hosts.
///
/// Each is drawn where the guard has just locked the hosts it will judge, and before it does. So of two that
/// meet on a host the one with the lower number was over, committed or rolled back, before the other looked. A
/// sequence does not roll back, which is why even who is refused learns his number.
enum Tickets {
    /// Puts the drawing around the guard's own function, which stays as it is.
    static func install(in session: Session) async throws {
        try await session.script(
            unchecked: """
                CREATE SEQUENCE public.ticket;
                ALTER FUNCTION muster.touch_hosts(bigint[], boolean) RENAME TO touch_hosts_untold;
                CREATE FUNCTION muster.touch_hosts(hosts bigint[], only_added boolean) RETURNS void
                    LANGUAGE plpgsql
                    AS $$
                BEGIN
                    PERFORM muster.touch_hosts_untold(hosts, only_added);
                    PERFORM nextval('public.ticket');
                END
                $$;
                SELECT setval('public.ticket', 1);
                """
        )
    }

    /// The last that `session` has drawn. Every session draws one at its beginning, so that there is a last.
    static func last(of session: Session) async throws -> Int64 {
        try await session.rows("SELECT currval('public.ticket')")[0].decode(0)
    }

    static func draw(in session: Session) async throws -> Int64 {
        try await session.rows("SELECT nextval('public.ticket')")[0].decode(0)
    }
}
