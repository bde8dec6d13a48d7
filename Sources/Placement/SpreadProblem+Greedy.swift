import CapacityModel

extension SpreadProblem {
    /// Raises groups to their floors, opens the groups that are needed, the widest level first, then fills the candidates in
    /// order; the latter two each in rounds, first with what costs no large slot.
    ///
    /// Where only nested levels have rules this is exact. Under nested caps the sets of instances that may stand
    /// together are the independent sets of a laminar matroid, also when each group of one level is capped at 1 more;
    /// so opening groups in any order reaches as many as there can be, a group opened for a wide level counts at
    /// every narrower one, and any set that is independent grows to the same largest size. A carrier rule is a second
    /// matroid, and two need the search.
    ///
    /// Floors are met from the narrowest level, where there is no choice, to the widest; what a wide group still lacks
    /// goes to narrower groups that are to be opened, so that it counts twice.
    func greedy() -> Allocation {
        var filling = Filling(self)
        for level in candidates.nested.reversed() + [SpreadRule.Level.carrier.position] where !floors[level].isEmpty {
            filling.raise(level: level)
        }
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
        for limits in problem.rounds {
            for candidate in taken.indices where count < needed {
                guard !opened[level][problem.groups[level][candidate]], room(candidate) > 0,
                    taken[candidate] < limits[candidate]
                else { continue }
                take(1, at: candidate)
                count += 1
            }
        }
    }

    /// Brings each group of `level` to its floor, as far as there is room.
    mutating func raise(level: Int) {
        let groups = problem.groups[level]
        var lacking = problem.floors[level]
        for group in lacking.indices { lacking[group] -= problem.caps[level][group] - caps[level][group] }
        for counted in problem.ruled where problem.needed[counted] > 0 && counted != level {
            var count = zip(opened[counted], problem.opened[counted]).count { $0 && !$1 }
            for candidate in taken.indices where count < problem.needed[counted] && lacking[groups[candidate]] > 0 {
                guard !opened[counted][problem.groups[counted][candidate]], room(candidate) > 0 else { continue }
                take(1, at: candidate)
                lacking[groups[candidate]] -= 1
                count += 1
            }
        }
        for candidate in taken.indices where lacking[groups[candidate]] > 0 {
            let more = min(lacking[groups[candidate]], room(candidate))
            if more > 0 { take(more, at: candidate) }
            lacking[groups[candidate]] -= more
        }
    }

    /// Fills the candidates in order, each up to its portion; twice the portion next time, until all is full.
    mutating func fill() {
        for limits in problem.rounds { fill(upTo: limits) }
    }

    private mutating func fill(upTo limits: [Int]) {
        var portion = problem.portion
        var isDone = false
        while !isDone {
            isDone = true
            for candidate in taken.indices {
                guard rest > 0 else { return }
                let room = min(room(candidate), limits[candidate] - taken[candidate])
                let part = min(room, portion - taken[candidate])
                if part > 0 { take(part, at: candidate) }
                if part < room { isDone = false }
            }
            portion = min(2 * portion, SpreadProblem.noCap)
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
