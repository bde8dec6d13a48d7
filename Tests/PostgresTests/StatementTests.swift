import Testing

@testable import Postgres

@Suite struct StatementTests {
    @Test("a value becomes a numbered parameter, never part of the text")
    func binds() {
        let evil = "x'); DROP TABLE kept; --"
        let statement: Statement = "INSERT INTO kept (name, count) VALUES (\(evil), \(7))"
        #expect(statement.text == "INSERT INTO kept (name, count) VALUES ($1, $2)")
        #expect(statement.binds.map(\.text) == [evil, "7"])
        #expect(statement.binds.map(\.type) == [.inferred, .int8])
    }

    @Test("nil is NULL and keeps the type of what it might have been")
    func null() {
        let missing: Int32? = nil
        let statement: Statement = "SELECT \(missing)"
        #expect(statement.binds == [Statement.Bind(type: .int4, text: nil)])
    }

    @Test("parts are numbered anew where they are put")
    func composition() {
        let conditions: [Statement] = ["a = \(1)", "b = \("two")", "c IS NULL"]
        let all = Statement(joining: conditions, separator: " AND ")
        let statement: Statement = "SELECT \(0) WHERE \(statement: all) LIMIT \(9)"
        #expect(statement.text == "SELECT $1 WHERE a = $2 AND b = $3 AND c IS NULL LIMIT $4")
        #expect(statement.binds.map(\.text) == ["0", "1", "two", "9"])
    }

    @Test("an identifier is one name, whatever is in it")
    func identifier() {
        let name = "odd\"; DROP TABLE kept; --"
        let statement: Statement = "DROP TABLE \(identifier: name)"
        #expect(statement.text == "DROP TABLE \"odd\"\"; DROP TABLE kept; --\"")
        #expect(statement.binds.isEmpty)
    }

    @Test("a zero byte is refused rather than cutting the value short")
    func zeroByte() {
        let error = #expect(throws: PostgresError.self) { try Request("SELECT \("a\0b")") }
        #expect(error?.kind == .usage)
    }

    @Test("more values than the protocol can number are refused")
    func tooManyBinds() {
        let binds = Statement(joining: (0...Request.maximumBinds).map { "\($0)" as Statement }, separator: ", ")
        #expect(throws: PostgresError.self) { try Request(binds) }
    }
}
