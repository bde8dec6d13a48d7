import CapacityModel

/// An allocation under several skews that leaves out the groups which cannot keep up, those with least room first.
///
/// A tiny group holds all others of its level down, and mostly it is all that has to go: a province in which the first host
/// came up this morning. So the level at which room allows least is thinned until it allows all, or most, and the rest is scanned
/// as if it were all there is; over again while that falls short. A few scans, where `SkewSearch` may need thousands of nodes on a
/// large fleet: it begins with what this finds.
struct SkewThinning {
    private var problem: SpreadProblem
    private(set) var best: SpreadProblem.Allocation?
    private var work = 0

    private static let rounds = 16
    /// Of how many numbers of groups of a level it is worked out what the others could take.
    private static let stepLimit = 64

    init(_ problem: SpreadProblem, best: SpreadProblem.Allocation?) {
        self.problem = problem
        self.best = best
        limitRooms()
    }

    mutating func run() {
        for _ in 0..<Self.rounds {
            guard best?.total != problem.count, work < SkewScan.workLimit, thin() else { return }
            var scan = SkewScan(problem, workLimit: SkewScan.workLimit - work)
            let answer = scan.run()
            work += scan.work
            if let answer, answer.total > best?.total ?? -1 { best = answer }
        }
    }

    /// Leaves groups out at the first level at which that lets more be placed, of those that allow the least; `false` where
    /// there is none.
    private mutating func thin() -> Bool {
        let bounds = problem.skews.map { $0.mostPlaced }
        let short = bounds.indices.filter { bounds[$0] < problem.count }
        for index in short.sorted(by: { (bounds[$0], $0) < (bounds[$1], $1) }) {
            let skew = problem.skews[index]
            guard let least = leastRoom(of: skew, toPlaceMoreThan: bounds[index]) else { continue }
            for group in skew.eligible where skew.existing[group] == 0 && skew.room[group] < least {
                problem.caps[skew.level][group] = 0
            }
            limitRooms()
            return true
        }
        return false
    }

    /// How much room a group needs in order to stay: the least with which all can be placed, else that with which most can.
    private mutating func leastRoom(of skew: Skew, toPlaceMoreThan known: Int) -> Int? {
        let rooms = Set(skew.eligible.filter { skew.existing[$0] == 0 }.map { skew.room[$0] }).sorted()
        var best: (room: Int, total: Int)?
        let step = 1 + rooms.count / Self.stepLimit
        for room in rooms.enumerated().filter({ $0.offset % step == 0 }).map(\.element) {
            let total = skew.limited(to: zip(skew.existing, skew.room).map { $0 == 0 && $1 < room ? 0 : $1 }).mostPlaced
            work += skew.eligible.count
            if total > best?.total ?? known { best = (room, total) }
            if total >= problem.count { break }
        }
        return best?.room
    }

    private mutating func limitRooms() {
        for index in problem.skews.indices {
            problem.skews[index] = problem.skews[index].limited(to: problem.room(at: problem.skews[index].level))
        }
    }
}

extension Skew {
    /// The most that can be placed where all eligible groups are used.
    fileprivate var mostPlaced: Int {
        eligible.map { existing[$0] + room[$0] }.min().map { mostPlaced(over: $0) } ?? 0
    }
}
