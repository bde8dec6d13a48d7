import Postgres

/// The jobs a claim has found: read as far as leasing them takes, and whole once they are leased.
struct Found: Sendable {
    /// What is taken of one queue.
    struct Taking: Sendable {
        let queue: String
        var jobIDs: [Int64] = []
        var revisions: [Int64] = []
    }

    private let rows: Rows
    private let lanes: [Lane]
    private(set) var takings: [Taking] = []
    private(set) var isOfSeveralLanes = false

    /// - Parameter rows: Of ``Claim/columns(lane:urgency:)``, the lanes by their number among all of the claimant's, the first
    ///   being 1.
    init(_ rows: Rows, for claimant: Claimant) throws {
        self.rows = rows
        lanes = Lane.all(of: claimant.queues)
        // A lane's rows mostly come one after the other.
        var (number, place) = (0, 0)
        for row in rows {
            let next: Int = try row.decode(2)
            if next != number {
                isOfSeveralLanes = number != 0
                (number, place) = (next, self.place(of: lanes[next - 1].queue))
            }
            takings[place].jobIDs.append(try row.decode(0))
            takings[place].revisions.append(try row.decode(1))
        }
    }

    var count: Int { rows.count }

    private mutating func place(of queue: String) -> Int {
        if let place = takings.firstIndex(where: { $0.queue == queue }) { return place }
        takings.append(Taking(queue: queue))
        return takings.count - 1
    }

    /// The most urgent first: no join promises an order.
    ///
    /// - Parameter epochs: One for each of ``takings``.
    func claims(leasedAs epochs: [Int64]) throws -> [Claim] {
        let epochs = Dictionary(uniqueKeysWithValues: zip(takings.map(\.queue), epochs))
        let ofLanes = lanes.map { epochs[$0.queue] ?? 0 }
        var claims = try rows.map { row in
            let number: Int = try row.decode(2)
            return try Claim(row, of: lanes[number - 1], leaseEpoch: ofLanes[number - 1])
        }
        claims.sort { ($0.urgencyAt, $0.turnAt, $0.jobID) < ($1.urgencyAt, $1.turnAt, $1.jobID) }
        return claims
    }
}
