package import CapacityModel
package import Postgres

/// What was offered at which price, until when.
package struct StoredQuote: Hashable, Sendable {
    package var id: String
    /// The order it is for, without its name.
    package var request: OrderRequest
    package var window: Window
    package var currency: String
    package var amountMicro: Int64
    package var expiresAt: CapacityModel.Instant
    /// What is held for it, where it is an offer; else nothing is.
    package var backing: QuoteBacking?

    package init(
        id: String, request: OrderRequest, window: Window, currency: String, amountMicro: Int64,
        expiresAt: CapacityModel.Instant, backing: QuoteBacking? = nil
    ) {
        self.id = id
        self.request = request
        self.window = window
        self.currency = currency
        self.amountMicro = amountMicro
        self.expiresAt = expiresAt
        self.backing = backing
    }

    private struct Terms: Codable {
        var request: OrderRequest
        var window: Window
        var backing: QuoteBacking?
    }

    var terms: JSON {
        get throws { try JSON(encoding: Terms(request: request, window: window, backing: backing)) }
    }

    init(_ row: Row) throws {
        let terms = try row.json("terms", as: Terms.self)
        self.init(
            id: try row.text("quote_id"), request: terms.request, window: terms.window,
            currency: try row.text("currency"), amountMicro: try row.int64("amount_micro"),
            expiresAt: try row.instant("expires_at"), backing: terms.backing
        )
    }
}

extension Store {
    /// Keeps quotes, so that they can be accepted at their price.
    package func keep(_ quotes: [StoredQuote], for tenant: TenantID) async throws(StoreError) {
        guard !quotes.isEmpty else { return }
        _ = try await read { session in
            try session.execute(
                """
                INSERT INTO muster.quote (quote_id, tenant_id, terms, currency, amount_micro, expires_at)
                SELECT quote_id, \(tenant.rawValue), terms::jsonb, currency, amount_micro, expires_at
                  FROM unnest(\(quotes.map(\.id)), \(try quotes.map { try $0.terms.text }), \(quotes.map(\.currency)),
                              \(quotes.map(\.amountMicro)), \(quotes.map(\.expiresAt.postgres)))
                       AS q (quote_id, terms, currency, amount_micro, expires_at)
                """
            )
        }
    }

    /// The tenant's quote with `id`, expired or not.
    package func quote(_ id: String, of tenant: TenantID) async throws(StoreError) -> StoredQuote? {
        try await read { session in
            try session.rows(
                """
                SELECT quote_id, terms, currency, amount_micro, expires_at
                  FROM muster.quote
                 WHERE quote_id = \(id)
                   AND tenant_id = \(tenant.rawValue)
                """
            ).first.map { try StoredQuote($0) }
        }
    }

    /// Forgets quotes a day after their end and idempotency keys a week after theirs, a bounded batch of each.
    package func prune() async throws(StoreError) {
        try await read { session in
            try session.execute(
                """
                DELETE FROM muster.quote WHERE quote_id IN
                    (SELECT quote_id FROM muster.quote WHERE expires_at < muster.now() - interval '1 day' LIMIT 10000)
                """
            )
            try session.execute(
                """
                DELETE FROM muster.idempotency WHERE (tenant_id, key) IN
                    (SELECT tenant_id, key FROM muster.idempotency
                      WHERE created_at < muster.now() - interval '7 days' LIMIT 10000)
                """
            )
        }
    }

    /// The rates of the price book in force, an area each.
    package func rates() async throws(StoreError) -> [BookedRate] {
        try await read { session in try Store.rates(in: session) }
    }

    package static func rates(in session: isolated Session) throws -> [BookedRate] {
        try session.rows(
            """
            SELECT b.currency, p.*
              FROM muster.price p
              JOIN (SELECT price_book_id, currency FROM muster.price_book
                     WHERE valid_from <= muster.now()
                     ORDER BY valid_from DESC, price_book_id DESC LIMIT 1) b USING (price_book_id)
             ORDER BY p.area
            """
        ).map { row in
            BookedRate(
                area: try row.choice("area"), currency: try row.text("currency"),
                vcpuHourMicro: try row.int64("vcpu_hour_micro"), gibHourMicro: try row.int64("gib_hour_micro"),
                diskGiBHourMicro: try row.int64("disk_gib_hour_micro"),
                mbpsHourMicro: try row.int64("mbps_hour_micro"), gpuHourMicro: try row.int64("gpu_hour_micro")
            )
        }
    }
}

/// One area's line of the price book, in micro-units an hour.
package struct BookedRate: Hashable, Sendable {
    package var area: Area
    package var currency: String
    package var vcpuHourMicro: Int64
    package var gibHourMicro: Int64
    package var diskGiBHourMicro: Int64
    package var mbpsHourMicro: Int64
    package var gpuHourMicro: Int64
}
