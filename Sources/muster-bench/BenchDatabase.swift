import CapacityModel
import Postgres

/// The database behind the service under measurement: its clock, and what it has recorded.
struct BenchDatabase: Sendable {
    let session: Session

    static func open() async throws -> BenchDatabase {
        let configuration = Configuration(conninfo: try required("MUSTER_DATABASE"), applicationName: "muster-bench")
        return BenchDatabase(session: try await Session.connect(configuration))
    }

    /// Business time.
    func now() async throws -> CapacityModel.Instant {
        let rows = try await session.rows("SELECT muster.now()")
        guard let row = rows.first else { throw BenchFailure("the database does not say what time it is") }
        let now: Postgres.Instant = try row.decode(0)
        return CapacityModel.Instant(microsecondsSinceEpoch: now.microsecondsSinceEpoch)
    }

    func count(_ statement: Statement) async throws -> Int {
        let rows = try await session.rows(statement)
        guard let row = rows.first else { return 0 }
        return try row.decode(0)
    }

    func close() async {
        await session.close()
    }
}
