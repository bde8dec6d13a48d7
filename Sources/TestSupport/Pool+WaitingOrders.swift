package import Postgres

extension Pool {
    /// Writes an order that waits down so many times more, with ids below its own, all of which are positive; they have no
    /// reconcilers. As many wait then as the test likes, as if they had been placed and had lost what they had.
    ///
    /// - Parameter first: The number of the first copy, above those of the copies there are.
    package func copyWaitingOrder(_ id: Int64, _ count: Int, from first: Int = 1) async throws {
        try await withSession { session in
            let names: String = try await session.rows(
                """
                SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
                 WHERE attrelid = 'muster."order"'::regclass AND attnum > 0 AND attgenerated = '' AND attname <> 'order_id'
                """
            )[0].decode(0)
            try await session.script(
                unchecked: """
                    ALTER TABLE muster."order" DISABLE TRIGGER order_waiting_bound;
                    INSERT INTO muster."order" (order_id, \(names)) OVERRIDING SYSTEM VALUE
                    SELECT -g, \(names) FROM muster."order", generate_series(\(first), \(first + count - 1)) g
                     WHERE order_id = \(id);
                    ALTER TABLE muster."order" ENABLE TRIGGER order_waiting_bound;
                    """
            )
        }
    }
}
