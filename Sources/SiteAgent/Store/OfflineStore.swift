import CapacityAPI
import CapacityModel
import FoundationEssentials

/// What the agent must still know when it starts again while cut off: one SQLite file in its state folder.
///
/// Written in write-ahead mode with a sync for every commit, and one commit for everything that happened since the last:
/// a thousand instances that stop together cost one sync. That is safe because nothing is acted upon before the commit
/// it is in has returned; a crash in between leaves the agent where it was, and the same events come again, from the
/// centre by cursor and from the engine by looking.
package actor OfflineStore {
    private let executor = BlockingExecutor(label: "offline-store")
    private let sqlite: SQLite
    private let encoder = JSONEncoder()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens `agent.sqlite` in `folder`, which exists, or makes it.
    ///
    /// It is waited for where another agent still has it, but not for long: that one may be about to stop.
    package init(folder: String, patienceMilliseconds: Int32 = 5_000) throws(StoreFailure) {
        sqlite = try SQLite(path: folder + "/agent.sqlite", patienceMilliseconds: patienceMilliseconds)
        try sqlite.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA locking_mode = EXCLUSIVE;")
        let version = try sqlite.rows("PRAGMA user_version") { row throws(StoreFailure) in row.integer(0) }.first ?? 0
        guard version <= Self.schema.count else {
            throw StoreFailure(
                statement: "PRAGMA user_version",
                message: "the state folder was written by a newer agent (version \(version)); use that one"
            )
        }
        for (step, statements) in Self.schema.enumerated().dropFirst(Int(version)) {
            try sqlite.script("BEGIN; \(statements) PRAGMA user_version = \(step + 1); COMMIT;")
        }
        // In exclusive mode the first write keeps the file: a second agent on the same folder fails here, at once.
        try sqlite.script("BEGIN IMMEDIATE; PRAGMA user_version = \(Self.schema.count); COMMIT;")
    }

    /// Writes all of `changes`, or nothing of them.
    package func commit(_ changes: Changes) throws(StoreFailure) {
        try sqlite.transaction { () throws(StoreFailure) in
            for site in changes.acknowledged {
                try sqlite.run("DELETE FROM observation WHERE site = ? AND sequence IS NOT NULL", [.text(site)])
            }
            for (instance, change) in changes.instances { try write(change, of: instance) }
            for instance in changes.forgotten {
                try sqlite.run("DELETE FROM instance WHERE instance = ?", [.text(instance)])
            }
            for observed in changes.observed { try write(observed) }
            for (site, sequence) in changes.renumbered {
                try sqlite.run(
                    "UPDATE observation SET sequence = ? WHERE site = ? AND sequence IS NOT NULL",
                    [.integer(sequence), .text(site)]
                )
            }
            for (site, cut) in changes.cuts {
                try sqlite.run(
                    "UPDATE observation SET sequence = ? WHERE site = ? AND sequence IS NULL AND number <= ?",
                    [.integer(cut.sequence), .text(site), .integer(cut.upTo)]
                )
            }
            for (name, site) in changes.sites {
                try sqlite.run(
                    "INSERT INTO site VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
                        + " SET cursor = excluded.cursor, report_sequence = excluded.report_sequence",
                    [.text(name), .integer(site.cursor), .integer(site.reportSequence)]
                )
            }
            if let offset = changes.clockOffset {
                try sqlite.run("INSERT OR REPLACE INTO clock VALUES (1, ?)", [.integer(offset.microseconds)])
            }
        }
    }

    private func write(_ change: Changes.Instance, of instance: String) throws(StoreFailure) {
        let phase = PhaseColumns(change.phase)
        let progress: [SQLite.Value] = [
            .text(phase.phase), .optional(phase.address), .optional(phase.outcome), .optional(phase.message),
            .optional(phase.code), phase.micro.map(SQLite.Value.integer) ?? .null,
        ]
        guard change.isNew else {
            try sqlite.run(
                "UPDATE instance SET phase = ?, address = ?, outcome = ?, message = ?, code = ?,"
                    + " kill_or_since_micro = ? WHERE instance = ?",
                progress + [.text(instance)]
            )
            return
        }
        let assignment: String
        do {
            assignment = String(decoding: try encoder.encode(change.assignment), as: UTF8.self)
        } catch {
            throw StoreFailure(statement: "INSERT INTO instance", message: "\(error)")
        }
        try sqlite.run(
            "INSERT OR REPLACE INTO instance"
                + " (instance, site, assignment, phase, address, outcome, message, code, kill_or_since_micro)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [.text(instance), .text(change.site), .text(assignment)] + progress
        )
    }

    private func write(_ observed: Changes.Observed) throws(StoreFailure) {
        let observation = observed.entry.observation
        try sqlite.run(
            "INSERT INTO observation (number, site, instance, epoch, state, at_micro, address, message, code)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(observed.entry.number), .text(observed.site), .text(observation.instance),
                .integer(observation.epoch), .text(observation.state.rawValue),
                .integer(observation.at.microsecondsSinceEpoch), .optional(observation.address),
                .optional(observation.message), .optional(observation.code),
            ]
        )
    }

    /// Gives the file back, for another agent to open. Every later call fails.
    package func close() {
        sqlite.close()
    }

    /// Everything the file holds.
    package func restore() throws(StoreFailure) -> Restored {
        try Restored(reading: sqlite)
    }
}
