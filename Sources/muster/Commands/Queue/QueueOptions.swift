public import ArgumentParser
public import JobQueue
import Postgres

/// Which database the queue is in.
struct QueueOptions: ParsableArguments {
    @Option(help: "Connection string of the database. Default: MUSTER_DATABASE.") var database: String?

    func configuration() throws(Failure) -> Configuration {
        guard let conninfo = database ?? environment("MUSTER_DATABASE") else {
            throw Failure(.invalid, "which database? Set MUSTER_DATABASE or give --database, as psql takes it")
        }
        return Configuration(conninfo: conninfo, applicationName: "muster queue")
    }

    /// Runs `body` in one transaction.
    func transaction<Value: Sendable>(
        _ body: @Sendable (isolated Session) throws -> Value
    ) async throws -> Value {
        let configuration = try configuration()
        do {
            let session = try await Session.connect(configuration)
            let value = try await session.transaction(body)
            await session.close()
            return value
        } catch {
            throw Failure(ofQueue: error)
        }
    }
}

extension Failure {
    /// What a person should know about an error of the queue's.
    init(ofQueue error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let value as InvalidValue: self.init(.invalid, value.description)
        case let error as PostgresError where ["42P01", "3F000", "42703"].contains(error.sqlState):
            self.init(.unavailable, "this database has no job queue, or an older one: see 'musterd migrate'")
        case let error as PostgresError: self.init(error)
        default: self.init(.unavailable, "the database cannot be asked: \(error)")
        }
    }
}

extension Throttle.Scope: ExpressibleByArgument {}
extension JobState: ExpressibleByArgument {}
