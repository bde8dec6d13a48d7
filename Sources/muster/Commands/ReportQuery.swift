import CapacityModel
import Postgres

/// One report: the statement, and the same statement as a person would type it.
struct ReportQuery: Sendable {
    enum Subject: String, CaseIterable, Sendable {
        case billing, release, capacity, oversold, unbalanced
    }

    let statement: Statement
    /// The values bound in `statement`, as SQL writes them, in their order.
    private let literals: [String]

    private init(_ statement: Statement, _ literals: String...) {
        self.statement = statement
        self.literals = literals
    }

    /// The statement to copy into psql: the very text, with each value in its place.
    var shown: String {
        var text = statement.text
        for (index, literal) in literals.enumerated().reversed() {
            text = text.split(separator: "$\(index + 1)", omittingEmptySubsequences: false).joined(separator: literal)
        }
        return text
    }

    /// The rows as one JSON array, by the database's own hand.
    var json: Statement {
        "SELECT coalesce(json_agg(report), '[]')::text FROM (\(statement: statement)) AS report"
    }
}

extension ReportQuery {
    private static let byOrder: Statement = """
        SELECT order_id, tenant, spec, state, instances, instance_seconds,
               round(amount_micro / 1e6, 6) AS amount, currency
          FROM report.billing_by_order
        """

    private static let byDay: Statement = """
        SELECT day, tenant, spec, instance_seconds, round(amount_micro / 1e6, 6) AS amount, currency
          FROM report.billing_by_day
        """

    private static let release: Statement = """
        SELECT order_id, state, window_end, instances, released, first_stop_at, last_stop_at,
               round(p50_lag_seconds, 3) AS p50_lag, round(p99_lag_seconds, 3) AS p99_lag, leaked
          FROM report.release
        """

    init(_ subject: Subject, order: String? = nil, day: String? = nil) throws(Failure) {
        guard order == nil || subject == .billing || subject == .release else {
            throw Failure(.invalid, "'\(subject.rawValue)' is not a report of one order")
        }
        guard day == nil || (subject == .billing && order == nil) else {
            throw Failure(.invalid, "--day is for 'billing' without --order")
        }
        if let day, Instant(day + "T00:00:00Z") == nil {
            throw Failure(.invalid, "a day is written like 2026-06-17; found '\(day)'")
        }
        var number: Int64?
        if let order { number = try Self.number(order) }
        switch (subject, number, day) {
        case (.billing, _, let day?):
            self.init("\(statement: Self.byDay)\n WHERE day = \(day)::date\n ORDER BY tenant, spec", "'\(day)'")
        case (.billing, let number?, nil):
            self.init("\(statement: Self.byOrder)\n WHERE order_id = \(number)", "\(number)")
        case (.billing, nil, nil): self.init("\(statement: Self.byOrder)\n ORDER BY order_id")
        case (.release, let number?, _):
            self.init("\(statement: Self.release)\n WHERE order_id = \(number)", "\(number)")
        case (.release, nil, _): self.init("\(statement: Self.release)\n ORDER BY order_id")
        case (.capacity, _, _): self.init("SELECT * FROM report.capacity_now ORDER BY site, resource")
        case (.oversold, _, _): self.init("SELECT * FROM report.oversold")
        case (.unbalanced, _, _): self.init("SELECT * FROM report.unbalanced")
        }
    }

    /// The order's number in the database, from `ord-12` or `12`.
    private static func number(_ order: String) throws(Failure) -> Int64 {
        if let id = OrderID(text: order) { return id.rawValue }
        guard let number = Int64(order), number > 0 else {
            throw Failure(.invalid, "an order is named like ord-1; found '\(order)'")
        }
        return number
    }
}
