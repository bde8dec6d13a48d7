extension OfflineStore {
    /// What makes the file, a step a version. An older agent's file gets the steps it lacks; none is ever edited.
    static let schema = [
        """
        CREATE TABLE site (
            name            TEXT PRIMARY KEY,
            cursor          INTEGER NOT NULL,
            report_sequence INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE instance (
            instance            TEXT PRIMARY KEY,
            site                TEXT NOT NULL,
            assignment          TEXT NOT NULL,
            phase               TEXT NOT NULL,
            address             TEXT,
            outcome             TEXT,
            message             TEXT,
            kill_or_since_micro INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE observation (
            number   INTEGER PRIMARY KEY,
            site     TEXT NOT NULL,
            sequence INTEGER,
            instance TEXT NOT NULL,
            epoch    INTEGER NOT NULL,
            state    TEXT NOT NULL,
            at_micro INTEGER NOT NULL,
            address  TEXT,
            message  TEXT
        ) STRICT;
        CREATE INDEX observation_unsent ON observation (site, sequence);
        CREATE TABLE clock (
            one          INTEGER PRIMARY KEY CHECK (one = 1),
            offset_micro INTEGER NOT NULL
        ) STRICT;
        """,
        // What was found wrong for certain with an instance that failed.
        """
        ALTER TABLE instance ADD COLUMN code TEXT;
        ALTER TABLE observation ADD COLUMN code TEXT;
        """,
    ]
}
