/// The largest allocation where carrier rules cut across the nested levels.
///
/// Caps alone are one largest flow. A number of groups to open is not a flow: which ones is a choice. The search
/// makes it group by group, "this one keeps an instance" before "this one gets none", and gives a branch up as soon
/// as its largest flow is no better than what is known. Nearly always the first dive ends at the bound. Where it does
/// not, the search stays exact up to `workLimit`, and past it returns the best it found.
struct SpreadSearch {
    private let problem: SpreadProblem
    private var best: SpreadProblem.Allocation?
    /// No allocation is larger: the largest flow without anything to open.
    private var bound = 0
    private(set) var work: Int

    /// Arcs looked at, some tens of milliseconds: enough for any fleet of a few dozen groups, and a bound on what a
    /// hostile order costs.
    static let workLimit = 5_000_000
    /// The same where many problems are solved for one answer: about a millisecond each.
    static let glanceLimit = 200_000

    init(_ problem: SpreadProblem, best: SpreadProblem.Allocation?, work: Int) {
        self.problem = problem
        self.best = best
        self.work = work
    }

    mutating func run(from start: SpreadProblem.Allocation) -> SpreadProblem.Allocation? {
        var network = FlowNetwork(problem, flow: start)
        for level in problem.ruled {
            for (group, floor) in problem.floors[level].enumerated() where floor > 0 {
                guard network.keep(floor, level: level, group: group) else {
                    work += network.work
                    return best
                }
            }
        }
        network.augment()
        bound = network.value
        explore(network)
        return best
    }

    private var isOver: Bool { best?.total == bound || work > Self.workLimit }

    /// Takes a network whose flow is largest under what was decided so far.
    private mutating func explore(_ network: FlowNetwork) {
        var network = network
        while true {
            work += network.work
            network.resetWork()
            guard !isOver, network.value > best?.total ?? -1 else { return }
            let allocation = network.allocation
            guard let level = problem.ruled.first(where: { lacking(allocation, level: $0) > 0 }) else {
                best = allocation
                return
            }
            let openable = openable(level: level, in: network)
            guard let group = openable.first, openable.count >= lacking(allocation, level: level) else { return }
            var kept = network
            if kept.keep(1, level: level, group: group) {
                kept.augment()
                explore(kept)
            } else {
                work += kept.work
            }
            network.close(level: level, group: group)
        }
    }

    private func lacking(_ allocation: SpreadProblem.Allocation, level: Int) -> Int {
        problem.needed[level] - problem.newlyOpened(allocation, level: level)
    }

    /// The groups of `level` that could still be opened, in order of preference.
    private func openable(level: Int, in network: FlowNetwork) -> [Int] {
        var seen = problem.opened[level]
        var groups: [Int] = []
        for group in problem.groups[level] where !seen[group] {
            seen[group] = true
            if network.isOpenable(level: level, group: group) { groups.append(group) }
        }
        return groups
    }
}
