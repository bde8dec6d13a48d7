import CapacityModel

/// The largest allocation under skews where groups may be left empty, whatever else is a choice: several skews, groups to open,
/// carriers.
///
/// Branch and bound. A node leaves each skew a range of floors and has some groups closed and some used; its bound is the problem
/// without the rest of the choice: caps of the highest floor, the lowest floor for used groups, none for the others, which may have
/// too few then. Where the answer keeps the skews nothing below the node is larger. Where it does not, the range is cut so
/// that the fullest group has too many on one side, the emptiest too few on the other; or the emptiest, which has less than any
/// floor left, is used or closed. Used comes before closed and low floors before high ones, so that more groups are used.
///
/// It begins with the answer of `SkewThinning`, and stops past `workLimit` with the best it found.
struct SkewSearch {
    private struct Node {
        /// Beside the skews.
        var floors: [ClosedRange<Int>]
        /// Beside the skews, for each group: whether it is used; `nil` where that is open.
        var isUsed: [[Bool?]]
    }

    private enum Branching {
        case kept
        case group(Int, skew: Int)
        case floors(below: Int, skew: Int)
    }

    private let problem: SpreadProblem
    private let skews: [Skew]
    private var best: SpreadProblem.Allocation?
    private var work = 0

    private let workLimit: Int

    /// In candidates and arcs looked at: about a millisecond, enough for a few dozen groups.
    static let leastWork = 200_000

    /// - Parameter workLimit: In candidates and arcs looked at.
    init(_ problem: SpreadProblem, best: SpreadProblem.Allocation?, workLimit: Int) {
        self.problem = problem
        self.best = best
        self.workLimit = workLimit
        skews = problem.skews.map { $0.limited(to: problem.room(at: $0.level)) }
    }

    mutating func run() -> SpreadProblem.Allocation? {
        let root = Node(
            floors: skews.map { $0.usefulFloors(placing: problem.count) },
            isUsed: skews.map { skew in skew.existing.map { $0 > 0 ? true : nil } })
        guard let bound = relaxed(root).solvedAsItStands(counting: &work), bound.total > best?.total ?? -1
        else { return best }
        var thinning = SkewThinning(problem, best: best)
        thinning.run()
        best = thinning.best
        explore(root)
        return best
    }

    private mutating func explore(_ node: Node) {
        guard best?.total != problem.count, work < workLimit else { return }
        let relaxed = relaxed(node)
        guard let answer = relaxed.solvedAsItStands(counting: &work), answer.total > best?.total ?? -1 else { return }
        switch branching(of: node, at: answer) {
        case .kept: best = answer
        case .group(let group, let skew):
            for isUsed in [true, false] {
                var next = node
                next.isUsed[skew][group] = isUsed
                explore(next)
            }
        case .floors(let floor, let skew):
            var (lower, upper) = (node, node)
            lower.floors[skew] = node.floors[skew].lowerBound...(floor - 1)
            upper.floors[skew] = floor...node.floors[skew].upperBound
            explore(lower)
            explore(upper)
        }
    }

    private func relaxed(_ node: Node) -> SpreadProblem {
        var relaxed = problem
        for (index, skew) in skews.enumerated() {
            let floors = node.floors[index]
            relaxed.floors[skew.level] = skew.existing.map { _ in 0 }
            for group in skew.eligible {
                let isAble = skew.existing[group] + skew.room[group] >= floors.lowerBound
                switch node.isUsed[index][group] {
                case true?: relaxed.bound(group, of: skew, by: floors)
                case nil where isAble: relaxed.bound(group, of: skew, by: 0...floors.upperBound)
                case nil, false?: relaxed.bound(group, of: skew, by: nil)
                }
            }
        }
        return relaxed
    }

    /// What to choose next where `answer` breaks a skew.
    private func branching(of node: Node, at answer: SpreadProblem.Allocation) -> Branching {
        for (index, skew) in skews.enumerated() {
            var counts = skew.existing
            var fullest = 0
            for (candidate, taken) in answer.taken.enumerated() where taken > 0 {
                counts[problem.groups[skew.level][candidate]] += taken
            }
            var emptiest: Int?
            for group in skew.eligible where counts[group] > 0 {
                if counts[group] > skew.existing[group] { fullest = max(fullest, counts[group]) }
                if counts[group] < emptiest.map({ counts[$0] }) ?? .max { emptiest = group }
            }
            guard let emptiest, fullest > counts[emptiest] + skew.most else { continue }
            let (floors, fewest) = (node.floors[index], counts[emptiest])
            if fewest < floors.lowerBound { return .group(emptiest, skew: index) }
            let middle = (floors.lowerBound + floors.upperBound + 1) / 2
            return .floors(below: min(max(middle, fewest + 1), fullest - skew.most), skew: index)
        }
        return .kept
    }
}
