extension SpreadProblem {
    /// Opens the groups that are needed, the widest level first, then fills the candidates in order.
    ///
    /// Where only nested levels have rules this is exact. Under nested caps the sets of instances that may stand
    /// together are the independent sets of a laminar matroid, also when each group of one level is capped at 1 more;
    /// so opening groups in any order reaches as many as there can be, a group opened for a wide level counts at
    /// every narrower one, and any set that is independent grows to the same largest size. A carrier rule is a second
    /// matroid, and two need the search.
    func greedy() -> Allocation {
        var filling = Filling(self)
        for level in ruled where needed[level] > 0 {
            filling.open(needed[level], level: level)
        }
        filling.fill()
        return Allocation(taken: filling.taken, total: count - filling.rest)
    }
}

/// A greedy allocation in the making.
private struct Filling {
    private let problem: SpreadProblem
    private(set) var taken: [Int]
    private(set) var rest: Int
    private var caps: [[Int]]
    private var opened: [[Bool]]

    init(_ problem: SpreadProblem) {
        self.problem = problem
        taken = [Int](repeating: 0, count: problem.candidates.count)
        rest = problem.count
        caps = problem.caps
        opened = problem.opened
    }

    /// Gives one instance to each of the first groups of `level` that have none, until `needed` were opened since the
    /// beginning.
    mutating func open(_ needed: Int, level: Int) {
        var count = zip(opened[level], problem.opened[level]).count { $0 && !$1 }
        for candidate in taken.indices where count < needed {
            guard !opened[level][problem.groups[level][candidate]], room(candidate) > 0 else { continue }
            take(1, at: candidate)
            count += 1
        }
    }

    mutating func fill() {
        for candidate in taken.indices {
            guard rest > 0 else { return }
            let room = room(candidate)
            if room > 0 { take(room, at: candidate) }
        }
    }

    private func room(_ candidate: Int) -> Int {
        var room = min(rest, problem.supply[candidate] - taken[candidate])
        for level in problem.ruled { room = min(room, caps[level][problem.groups[level][candidate]]) }
        return room
    }

    private mutating func take(_ count: Int, at candidate: Int) {
        taken[candidate] += count
        rest -= count
        for level in problem.ruled {
            caps[level][problem.groups[level][candidate]] -= count
            opened[level][problem.groups[level][candidate]] = true
        }
    }
}
