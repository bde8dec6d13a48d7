/// Brings a database's schema to the state its migration files describe: forward only, one file a transaction.
///
/// Many programs may migrate at once: an advisory lock inside each transaction lets one go ahead and shows the others
/// what it did, and nothing outlives the transaction, so it works through a pooler too. What was applied stays in the
/// table `public.muster_migration` with the SHA-256 of its text.
public struct Migrator: Sendable {
    public struct Status: Equatable, Sendable {
        public var applied: [String]
        public var pending: [String]
    }

    /// The files, in order.
    public let files: [Migration]

    /// The migrations in `directory`. Files that do not end in `.sql` are none of ours.
    public init(directory: String) throws(MigrationError) {
        files = try Migration.read(directory: directory)
    }

    /// The migrations in `directory` about one subject, those named `NNNN_subject.sql` and `NNNN_subject_words.sql`, for a
    /// database that shall hold nothing else. Their numbers grow, and what they leave out is others' subject.
    ///
    /// A database that has had others too is refused as ``MigrationError/missing(_:)``.
    public init(directory: String, subject: String) throws(MigrationError) {
        files = try Migration.read(directory: directory, subject: subject)
    }

    public init(files: [Migration]) throws(MigrationError) {
        self.files = try Migration.ordered(files)
    }

    /// Applies what is pending and returns the names of what this call applied.
    ///
    /// Each file has all the time it needs: the session's statement timeout is off meanwhile.
    @discardableResult
    public func migrate(_ session: Session) async throws(MigrationError) -> [String] {
        var applied: [String] = []
        while let name = try await session.applyNext(of: files) { applied.append(name) }
        return applied
    }

    /// What is applied and what is pending. Changes nothing and takes no lock.
    public func status(_ session: Session) async throws(MigrationError) -> Status {
        let applied = try await session.appliedMigrations(among: files)
        return Status(applied: applied, pending: files.dropFirst(applied.count).map(\.name))
    }
}

extension Session {
    /// Applies the first pending file, if there is one, and returns its name.
    fileprivate func applyNext(of files: [Migration]) throws(MigrationError) -> String? {
        isUnhurried = true
        defer { isUnhurried = false }
        let outcome: Result<String?, any Error> = Result {
            try transaction { session in
                try session.migrating(step: "muster_migration") { () throws(PostgresError) in
                    try session.lockMigrations()
                }
                let applied = try session.appliedMigrations(among: files)
                guard applied.count < files.count else { return nil }
                try session.apply(files[applied.count])
                return files[applied.count].name
            }
        }
        switch outcome {
        case .success(let name): return name
        case .failure(let error as MigrationError): throw error
        // What is left is the server refusing to begin or to commit.
        case .failure(let error as PostgresError): throw .failed("COMMIT", error)
        case .failure(let error): throw .unreadable("\(error)")
        }
    }

    /// One migrator at a time, from here to the end of the transaction.
    private func lockMigrations() throws(PostgresError) {
        try execute("SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)")
        try execute("SELECT pg_advisory_xact_lock(hashtextextended('muster_migration', 0))")
        try execute(
            """
            CREATE TABLE IF NOT EXISTS public.muster_migration (
                number     integer     PRIMARY KEY,
                name       text        NOT NULL,
                sha256     text        NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
            )
            """
        )
    }

    /// The names of what has been applied, once it is certain that it is what `files` begin with.
    fileprivate func appliedMigrations(among files: [Migration]) throws(MigrationError) -> [String] {
        try migrating(step: "muster_migration") { () throws(PostgresError) -> Result<[String], MigrationError> in
            let table = try rows("SELECT to_regclass('public.muster_migration') IS NOT NULL").first
            guard try table?.decode(0, as: Bool.self) == true else { return .success([]) }
            let sums = try checksums(of: files)
            let rows = try rows("SELECT number, name, sha256 FROM public.muster_migration ORDER BY number")
            var names: [String] = []
            for (index, row) in rows.enumerated() {
                let name = try row.decode("name", as: String.self)
                guard index < files.count, try row.decode("number") == files[index].number,
                    name == files[index].name
                else { return .failure(.missing(name)) }
                guard try row.decode("sha256") == sums[index] else { return .failure(.changed(name)) }
                names.append(name)
            }
            return .success(names)
        }.get()
    }

    private func apply(_ file: Migration) throws(MigrationError) {
        try migrating(step: file.name) { () throws(PostgresError) in try script(unchecked: file.sql) }
        guard isInTransaction else { throw .endedTransaction(file.name) }
        try migrating(step: file.name) { () throws(PostgresError) in
            let sum = try checksums(of: [file]).first
            try execute(
                """
                INSERT INTO public.muster_migration (number, name, sha256)
                VALUES (\(file.number), \(file.name), \(sum))
                """
            )
        }
    }

    /// The server computes them, so that no library for it is needed here.
    private func checksums(of files: [Migration]) throws(PostgresError) -> [String] {
        let rows = try rows(
            """
            SELECT encode(sha256(convert_to(sql, 'UTF8')), 'hex')
              FROM unnest(\(files.map(\.sql))) WITH ORDINALITY AS file (sql, place)
             ORDER BY place
            """
        )
        var sums: [String] = []
        for row in rows { sums.append(try row.decode(0)) }
        return sums
    }

    /// Says in which file the server complained.
    private func migrating<Value>(
        step name: String,
        _ body: () throws(PostgresError) -> Value
    ) throws(MigrationError) -> Value {
        do {
            return try body()
        } catch {
            throw .failed(name, error)
        }
    }
}
