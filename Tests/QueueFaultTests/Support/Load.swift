import JobQueue

/// Writers that enqueue one job after the other, whatever becomes of the server meanwhile.
struct Load: Sendable {
    private let acknowledgements: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (acknowledgements, continuation) = AsyncStream.makeStream()
    }

    /// Tries to store `count` jobs in each of so many writers, half of which share commits, and returns those that were
    /// acknowledged.
    func write(_ writers: Int, _ count: Int, to ground: Ground) async -> [Int64] {
        let enqueuer = Enqueuer(pool: ground.pool, bell: Bell(pool: ground.pool))
        return await withTaskGroup(of: [Int64].self) { group in
            for writer in 0..<writers {
                group.addTask {
                    await write(count) {
                        try await writer.isMultiple(of: 2) ? ground.enqueue() : [ground.enqueue(through: enqueuer)]
                    }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func write(_ count: Int, _ enqueue: () async throws -> [Int64]) async -> [Int64] {
        var jobIDs: [Int64] = []
        for _ in 0..<count {
            do {
                jobIDs += try await enqueue()
                continuation.yield()
            } catch {
                // Nothing was promised; the pool has paused between its own tries.
            }
        }
        return jobIDs
    }

    /// Returns once so many jobs have been acknowledged.
    func acknowledged(_ count: Int) async throws {
        var left = count
        for await _ in acknowledgements {
            left -= 1
            if left == 0 { return }
        }
        throw Trouble("the writers did not get \(count) jobs stored in time")
    }
}
