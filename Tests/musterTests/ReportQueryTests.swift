import Postgres
import Testing

@testable import muster

@Suite("reports")
struct ReportQueryTests {
    @Test("the SQL that is shown is the SQL that is run, with the values in their places")
    func shown() throws {
        let query = try ReportQuery(.billing, order: "ord-12")
        #expect(query.statement.text.hasSuffix("FROM report.billing_by_order\n WHERE order_id = $1"))
        #expect(query.shown.hasSuffix("FROM report.billing_by_order\n WHERE order_id = 12"))
        let day = try ReportQuery(.billing, day: "2026-06-17")
        #expect(day.shown.contains("WHERE day = '2026-06-17'::date"))
        let whole = try ReportQuery(.oversold)
        #expect(whole.shown == "SELECT * FROM report.oversold")
        #expect(whole.statement.text == whole.shown)
    }

    @Test("JSON is of the same rows")
    func json() throws {
        let query = try ReportQuery(.release, order: "7")
        #expect(query.json.text.contains(query.statement.text))
    }

    @Test(
        "what is no order or no day is refused",
        arguments: [
            (.billing, "ord-x", nil), (.billing, "0", nil), (.billing, nil, "2026-02-30"), (.billing, nil, "today"),
            (.billing, "ord-1", "2026-06-17"), (.capacity, "ord-1", nil), (.release, nil, "2026-06-17"),
        ] as [(ReportQuery.Subject, String?, String?)]
    )
    func refused(subject: ReportQuery.Subject, order: String?, day: String?) {
        let failure = #expect(throws: Failure.self) { try ReportQuery(subject, order: order, day: day) }
        #expect(failure?.status == .invalid)
    }

    @Test("columns of numbers are set to the right, and rows are counted")
    func table() {
        let text = ReportTable.text(
            columns: ["order_id", "spec", "lag"], cells: [["1", "container", ""], ["12", "vm", "0.5"]])
        #expect(text == "order_id  spec       lag\n       1  container\n      12  vm         0.5\n(2 rows)\n")
        #expect(ReportTable.text(columns: ["host"], cells: []) == "host\n(0 rows)\n")
    }
}
