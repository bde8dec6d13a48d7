/// The largest allocation where all groups are to be alike: the best over the number that the emptiest eligible group has.
///
/// With that floor fixed, a limited skew is a floor and a cap for each group, and the problem is the one without skews.
/// One skew alone takes a bisection: where nothing has to be opened, what can be placed is the value of a linear
/// program, concave in the floor and whole where the floor is whole, and a floor that can be met leaves every lower one
/// possible. Several skews, or groups to open as well, take a scan of the floors, first of those with which all could be
/// placed: at most one more than the skew allows at each level where there is room. The scan looks at `tryLimit`
/// combinations at most and stops past `workLimit`, then with the best it found.
struct SkewScan {
    private let problem: SpreadProblem
    private var best: SpreadProblem.Allocation?
    private(set) var work = 0
    private let workLimit: Int

    private static let tryLimit = 256
    /// In candidates and arcs looked at: some ten milliseconds.
    static let workLimit = 2_000_000

    init(_ problem: SpreadProblem, workLimit: Int = Self.workLimit) {
        self.problem = problem
        self.workLimit = workLimit
    }

    mutating func run() -> SpreadProblem.Allocation? {
        let floors = problem.skews.map { $0.floors(placing: problem.count) }
        if floors.count == 1, problem.ruled.allSatisfy({ problem.needed[$0] == 0 }) { return bisected(floors[0]) }
        let full = zip(problem.skews, floors).compactMap { $0.floors(of: $1, placingAll: problem.count) }
        if full.count == floors.count { scan(Self.combinations(full)) }
        if best?.total != problem.count { scan(Self.combinations(floors).reversed()) }
        return best
    }

    private var isOver: Bool { best?.total == problem.count || work > workLimit }

    /// Keeps the first of the largest answers.
    private mutating func scan(_ combinations: some Sequence<[Int]>) {
        for floors in combinations {
            if isOver { return }
            let bound = zip(problem.skews, floors).map { $0.mostPlaced(over: $1) }.min() ?? problem.count
            guard bound > best?.total ?? -1 else { continue }
            if let answer = answer(floors), answer.total > best?.total ?? -1 { best = answer }
        }
    }

    private mutating func answer(_ floors: [Int]) -> SpreadProblem.Allocation? {
        var fixed = problem
        for (index, floor) in floors.enumerated() { fixed.raise(index, to: floor) }
        return fixed.solvedAsItStands(counting: &work)
    }

    /// The answer of the lowest floor with which most can be placed.
    private mutating func bisected(_ floors: ClosedRange<Int>) -> SpreadProblem.Allocation? {
        var known: [Int: SpreadProblem.Allocation?] = [:]
        func answer(_ floor: Int, _ scan: inout SkewScan) -> SpreadProblem.Allocation? {
            if let answer = known[floor] { return answer }
            let answer = scan.answer([floor])
            known[floor] = .some(answer)
            return answer
        }
        var (low, high) = (floors.lowerBound, floors.upperBound)
        while low < high {
            let middle = low + (high - low + 1) / 2
            if answer(middle, &self) == nil { high = middle - 1 } else { low = middle }
        }
        low = floors.lowerBound
        while low < high {
            let middle = (low + high) / 2
            if answer(middle, &self)?.total ?? -1 < answer(middle + 1, &self)?.total ?? -1 {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return answer(low, &self)
    }

    /// Every choice of one number from each range, the first counting slowest; where there are more than the limit, each
    /// range is thinned evenly, its ends kept.
    private static func combinations(_ ranges: [ClosedRange<Int>]) -> [[Int]] {
        let product = ranges.reduce(1) { min($0, Int(Int32.max)) * min($1.count, Int(Int32.max)) }
        var perRange = Int.max
        if product > tryLimit {
            perRange = 2
            while ranges.reduce(1, { $0 * min($1.count, perRange + 1) }) <= tryLimit { perRange += 1 }
        }
        return ranges.reduce([[]]) { combinations, range in
            combinations.flatMap { chosen in thinned(range, to: perRange).map { chosen + [$0] } }
        }
    }

    private static func thinned(_ range: ClosedRange<Int>, to count: Int) -> [Int] {
        guard range.count > count else { return Array(range) }
        let steps = count - 1
        return (0...steps).map { range.lowerBound + (range.upperBound - range.lowerBound) * $0 / steps }
    }
}

extension SpreadProblem {
    /// The largest allocation whatever is to be alike, with the work of the greedy pass counted too.
    func solvedAsItStands(counting work: inout Int) -> Allocation? {
        // That pass reads the candidates once for each level it raises and for each that it opens there.
        let needs = ruled.count { needed[$0] > 0 }
        work += candidates.count * (1 + skews.count) * (1 + needs) * ruled.count
        return solvedAsItStands(work: &work)
    }
}
