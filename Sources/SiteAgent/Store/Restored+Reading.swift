import CapacityAPI
import CapacityModel
import FoundationEssentials

extension Restored {
    /// Reads all of an offline store. A row no agent can have written is an error, not a gap.
    init(reading sqlite: SQLite) throws(StoreFailure) {
        self.init()
        let query = "SELECT name, cursor, report_sequence FROM site"
        let sites = try sqlite.rows(query) { row throws(StoreFailure) in
            (row.text(0), row.integer(1), row.integer(2))
        }
        var boxes: [String: (travelling: [Outbox.Entry], waiting: [Outbox.Entry])] = [:]
        for (site, sequence, entry) in try Self.observations(in: sqlite) {
            if sequence == nil {
                boxes[site, default: ([], [])].waiting.append(entry)
            } else {
                boxes[site, default: ([], [])].travelling.append(entry)
            }
            lastNumber = max(lastNumber, entry.number)
        }
        for (name, cursor, reportSequence) in sites {
            let box = boxes[name] ?? ([], [])
            let outbox = Outbox(lastSequence: reportSequence, travelling: box.travelling, waiting: box.waiting)
            self.sites[name] = Site(cursor: cursor, outbox: outbox)
        }
        instances = try Self.instances(in: sqlite)
        let offsets = try sqlite.rows("SELECT offset_micro FROM clock") { row throws(StoreFailure) in row.integer(0) }
        clockOffset = offsets.first.map { .microseconds($0) }
    }

    private static func observations(
        in sqlite: SQLite
    ) throws(StoreFailure) -> [(site: String, sequence: Int64?, entry: Outbox.Entry)] {
        let query = """
            SELECT number, site, sequence, instance, epoch, state, at_micro, address, message, code
              FROM observation ORDER BY number
            """
        return try sqlite.rows(query) { row throws(StoreFailure) in
            guard let state = AgentWire.Observation.State(rawValue: row.text(5)) else {
                throw StoreFailure(statement: query, message: "unknown state \(row.text(5))")
            }
            let observation = AgentWire.Observation(
                instance: row.text(3), epoch: row.integer(4), state: state,
                at: Instant(microsecondsSinceEpoch: row.integer(6)), address: row.optionalText(7),
                message: row.optionalText(8), code: row.optionalText(9)
            )
            return (row.text(1), row.optionalInteger(2), Outbox.Entry(number: row.integer(0), observation: observation))
        }
    }

    private static func instances(in sqlite: SQLite) throws(StoreFailure) -> [Instance] {
        let query = """
            SELECT instance, site, assignment, phase, address, outcome, message, code, kill_or_since_micro
              FROM instance
            """
        let decoder = JSONDecoder()
        return try sqlite.rows(query) { row throws(StoreFailure) in
            let columns = PhaseColumns(
                phase: row.text(3), address: row.optionalText(4), outcome: row.optionalText(5),
                message: row.optionalText(6), code: row.optionalText(7), micro: row.optionalInteger(8)
            )
            guard let phase = columns.value else {
                throw StoreFailure(statement: query, message: "\(row.text(0)) has the unknown phase \(columns.phase)")
            }
            do {
                let assignment = try decoder.decode(AgentWire.Assignment.self, from: Data(row.text(2).utf8))
                return Instance(site: row.text(1), assignment: assignment, phase: phase)
            } catch {
                throw StoreFailure(statement: query, message: "the assignment of \(row.text(0)): \(error)")
            }
        }
    }
}
