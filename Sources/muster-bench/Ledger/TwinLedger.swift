import Postgres

/// The floor's tables for everything that reserves: columns, defaults and indexes of the ledger's, without checks,
/// foreign keys and triggers.
enum TwinLedger {
    /// By the name they have in `raw`.
    private static let tables: KeyValuePairs = [
        "order": #"muster."order""#, "order_price": "muster.order_price", "order_event": "muster.order_event",
        "idempotency": "muster.idempotency", "reservation": "muster.reservation", "instance": "muster.instance",
        "host_ledger": "muster.host_ledger", "job": "queue.job",
    ]

    /// Makes the tables, with the mark of every host in them.
    static func create(in session: Session) async throws {
        let copies = tables.map { name, original in
            """
            CREATE TABLE raw."\(name)"
                (LIKE \(original) INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED INCLUDING INDEXES
                                        INCLUDING STORAGE);
            """
        }
        try await session.script(
            unchecked: """
                CREATE SCHEMA raw;
                \(copies.joined(separator: "\n"))
                ALTER TABLE raw.host_ledger SET (fillfactor = 50);
                INSERT INTO raw.host_ledger SELECT * FROM muster.host_ledger;
                """
        )
        try await session.script(unchecked: "VACUUM (ANALYZE) raw.host_ledger")
    }

    /// The columns of a table that a row has to bring, as text for COPY, which takes no parameters.
    static func columns(of table: String, in session: Session) async throws -> String {
        try await session.rows(
            """
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
             WHERE attrelid = format('muster.%I', \(table)::text)::regclass AND attnum > 0 AND NOT attisdropped
               AND attgenerated = '' AND attidentity = ''
            """
        )[0].decode(0)
    }
}
