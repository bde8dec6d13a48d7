import FoundationEssentials

/// One step of the schema: the file `Migrations/0007_price_book.sql`.
public struct Migration: Hashable, Sendable {
    public var number: Int
    /// The file's name without `.sql`.
    public var name: String
    public var sql: String

    /// `nil` where `file` is not named `NNNN_words.sql`.
    public init?(file: String, sql: String) {
        guard file.hasSuffix(".sql") else { return nil }
        let name = file.dropLast(4)
        let parts = name.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 4, parts[0].utf8.allSatisfy({ (48...57).contains($0) }),
            let number = Int(parts[0]), !parts[1].isEmpty
        else { return nil }
        self.number = number
        self.name = String(name)
        self.sql = sql
    }
}

/// Why a schema is left as it is.
public enum MigrationError: Error, Equatable, Sendable {
    /// The folder or a file in it cannot be read.
    case unreadable(String)
    /// The folder holds no migration: it is another one than was meant.
    case empty(String)
    /// A file is not named `NNNN_words.sql`.
    case badName(String)
    /// Two files have one number.
    case twin(String, String)
    /// The numbers do not run 1, 2, 3, …: this one is missing.
    case gap(Int)
    /// A file was edited after it was applied here.
    case changed(String)
    /// The database has had a migration that is not among the files: it is newer than this program.
    case missing(String)
    /// A file was refused by the server; nothing of it remains.
    case failed(String, PostgresError)
    /// A file ended the transaction it runs in, by a COMMIT or ROLLBACK of its own.
    case endedTransaction(String)
}

extension MigrationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let path): "\(path) cannot be read"
        case .empty(let path): "\(path) holds no file of the schema, such as 0001_queue.sql"
        case .badName(let name): "\(name) is not named like 0001_words.sql"
        case .twin(let one, let other): "\(one) and \(other) have the same number"
        case .gap(let number): "the numbers must run 1, 2, 3, …, and no file has \(number)"
        case .changed(let name): "\(name) was edited after this database had had it"
        case .missing(let name):
            "this database has had \(name), which is not among the files, or not in this place: it is a newer program's, or another's"
        case .failed(let name, let error): "\(name): \(error)"
        case .endedTransaction(let name): "\(name) ends its transaction by a COMMIT or ROLLBACK of its own"
        }
    }
}

extension Migration {
    /// The migrations among the files of `directory`, in order.
    static func read(directory: String) throws(MigrationError) -> [Migration] {
        let migrations = try all(in: directory)
        guard !migrations.isEmpty else { throw .empty(directory) }
        return try ordered(migrations)
    }

    /// The migrations about `subject` among the files of `directory`, in order.
    static func read(directory: String, subject: String) throws(MigrationError) -> [Migration] {
        let migrations = try all(in: directory).filter { migration in
            let words = migration.name.dropFirst(5)
            return words == subject || words.hasPrefix(subject + "_")
        }
        guard !migrations.isEmpty else { throw .empty(directory) }
        return try sorted(migrations)
    }

    private static func all(in directory: String) throws(MigrationError) -> [Migration] {
        let files: [String]
        do {
            files = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw .unreadable(directory)
        }
        var migrations: [Migration] = []
        for file in files where file.hasSuffix(".sql") {
            let path = directory + "/" + file
            guard let bytes = FileManager.default.contents(atPath: path),
                let sql = String(validating: bytes, as: UTF8.self)
            else { throw .unreadable(path) }
            guard let migration = Migration(file: file, sql: sql) else { throw .badName(file) }
            migrations.append(migration)
        }
        return migrations
    }

    /// `migrations` sorted, if their numbers run from 1 without gaps or twins.
    static func ordered(_ migrations: [Migration]) throws(MigrationError) -> [Migration] {
        let sorted = try sorted(migrations)
        for (index, migration) in sorted.enumerated() where migration.number != index + 1 { throw .gap(index + 1) }
        return sorted
    }

    /// `migrations` sorted, if no two have one number.
    private static func sorted(_ migrations: [Migration]) throws(MigrationError) -> [Migration] {
        let sorted = migrations.sorted { ($0.number, $0.name) < ($1.number, $1.name) }
        for (before, migration) in zip(sorted, sorted.dropFirst()) where before.number == migration.number {
            throw .twin(before.name, migration.name)
        }
        return sorted
    }
}
